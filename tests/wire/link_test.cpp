#include "wire/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "link_pair.h"

namespace parley::wire {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

TEST(Link, AgreesWithinOneRoundTripWithoutATimer) {
  LinkPair pair(Faults{.latency = milliseconds(10)});
  pair.run(milliseconds(20));
  for (std::size_t i : {0, 1}) {
    EXPECT_EQ(pair.link(i).state(), LinkState::agreed);
    EXPECT_EQ(pair.ends[i].all<Agreed>().size(), 1U);
    EXPECT_FALSE(pair.ends[i].all<Agreed>()[0].anew);
  }
}

TEST(Link, DeliversInOrder) {
  LinkPair pair;
  ASSERT_TRUE(pair.run_until_agreed());
  pair.send_difference(0, "a");
  pair.send_difference(0, "b");
  pair.send_difference(1, "c");
  pair.run(pair.now + milliseconds(500));
  EXPECT_THAT(pair.ends[1].delivered, ElementsAre("a", "b"));
  EXPECT_THAT(pair.ends[0].delivered, ElementsAre("c"));
  EXPECT_TRUE(pair.link(0).all_acknowledged());
  EXPECT_TRUE(pair.link(1).all_acknowledged());
  EXPECT_EQ(pair.link(0).statistics().resent, 0U);
}

// The promise of wire/link.h, under any luck: once each, in order, and the windows drain.
TEST(Link, DeliversOnceAndInOrderOverAnyNetworkThatLosesRepeatsAndReorders) {
  constexpr std::size_t kMessages = 60;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    base::Random random(base::RandomKey{.seed = seed});
    const Faults faults{.latency = milliseconds(random.below(50)),
                        .drop = 0.4 * random.uniform_double(),
                        .duplicate = 0.4 * random.uniform_double(),
                        .delay = 0.5 * random.uniform_double(),
                        .max_delay = milliseconds(1 + random.below(1000))};
    LinkPair pair(faults, seed);
    ASSERT_TRUE(pair.run_until_agreed()) << "seed " << seed;
    std::array<std::vector<std::string>, 2> expected;
    const bool all = pair.run(pair.now + std::chrono::hours(2), [&] {
      for (std::size_t i : {0, 1})
        while (expected[i].size() < kMessages && pair.link(i).can_send()) {
          expected[i].push_back(std::to_string(expected[i].size()));
          pair.send_difference(i, expected[i].back());
        }
      return expected[0].size() == kMessages && expected[1].size() == kMessages && pair.link(0).all_acknowledged() &&
             pair.link(1).all_acknowledged();
    });
    ASSERT_TRUE(all) << "seed " << seed;
    ASSERT_EQ(pair.ends[0].delivered, expected[1]) << "seed " << seed;
    ASSERT_EQ(pair.ends[1].delivered, expected[0]) << "seed " << seed;
    for (std::size_t i : {0, 1}) ASSERT_EQ(pair.ends[i].refused_frames, 0U) << "seed " << seed;
  }
}

}  // namespace
}  // namespace parley::wire
