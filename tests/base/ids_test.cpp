#include "base/ids.h"

#include <gtest/gtest.h>

#include <type_traits>
#include <unordered_set>

namespace parley::base {
namespace {

// Two kinds of identity do not convert into each other, nor out of a bare number.
static_assert(!std::is_convertible_v<PeerId, Phase> && !std::is_convertible_v<Round, Incarnation>);
static_assert(!std::is_convertible_v<std::uint32_t, PeerId> && !std::is_convertible_v<PeerId, std::uint32_t>);
static_assert(!std::is_constructible_v<PeerId, Round>);
// They cost nothing.
static_assert(sizeof(PeerId) == 4 && sizeof(Round) == 8 && sizeof(Phase) == 2 && sizeof(Incarnation) == 8);
static_assert(std::is_trivially_copyable_v<PeerId>);

TEST(Id, ComparesByNumber) {
  EXPECT_EQ(PeerId{3}, PeerId{3});
  EXPECT_LT(PeerId{3}, PeerId{4});
  EXPECT_GT(Round{1ull << 40}, Round{1});
}

TEST(Id, NextRoundFollows) {
  EXPECT_EQ(next(Round{0}), Round{1});
  EXPECT_EQ(next(Round{0xffffffffull}), Round{0x100000000ull});
}

TEST(Id, PrintsAsItsNumber) {
  EXPECT_EQ(fmt::format("peer {} in round {}", PeerId{7}, Round{123456789012ull}), "peer 7 in round 123456789012");
  EXPECT_EQ(fmt::format("{:04}", Phase{12}), "0012");
}

TEST(Id, IsAKeyOfAHashTable) {
  std::unordered_set<PeerId> peers;
  for (std::uint32_t i = 0; i < 100; ++i) peers.insert(PeerId{i % 10});
  EXPECT_EQ(peers.size(), 10u);
  EXPECT_TRUE(peers.contains(PeerId{9}));
  EXPECT_FALSE(peers.contains(PeerId{10}));
}

}  // namespace
}  // namespace parley::base
