// What is exact about the random numbers: the generator itself, random access, and how keys name streams.
#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <set>
#include <vector>

namespace parley::base {
namespace {

using Block = std::array<std::uint32_t, 4>;

TEST(Philox, GivesThePublishedAnswers) {
  // The three vectors for "philox4x32 10" in the file kat_vectors of Random123 (Salmon et al. 2011): counter and key
  // all zeros, all ones, and the digits of pi. Our key fields are the words of Philox's counter and key.
  const RandomKey zeros{.seed = 0, .peer = PeerId{0}, .round = Round{0}, .stream = Stream{0}};
  EXPECT_EQ(random_block(zeros, 0), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));

  const RandomKey ones{
      .seed = 0xffffffffffffffff, .peer = PeerId{0xffffffff}, .round = Round{0xffffffffffff}, .stream = Stream{0xffff}};
  EXPECT_EQ(random_block(ones, 0xffffffff), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));

  const RandomKey pi{
      .seed = 0x299f31d0a4093822, .peer = PeerId{0x13198a2e}, .round = Round{0x734485a308d3}, .stream = Stream{0x0370}};
  EXPECT_EQ(random_block(pi, 0x243f6a88), (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, ReadsInOrderWhatBlocksGiveInAnyOrder) {
  const RandomKey key{.seed = 11, .peer = PeerId{3}, .round = Round{17}, .stream = Stream::compression};
  constexpr std::uint32_t kBlocks = 64;
  std::vector<std::uint32_t> words(std::size_t{4} * kBlocks);
  for (std::uint32_t block = kBlocks; block-- > 0;) {
    const Block four = random_block(key, block);
    std::copy(four.begin(), four.end(), words.begin() + std::ptrdiff_t{4} * block);
  }
  Random random(key);
  for (std::size_t i = 0; i < words.size(); ++i) ASSERT_EQ(random.bits(), words[i]) << i;
}

TEST(Random, TakesTheLowWordOf64BitsFirst) {
  Random words(RandomKey{.seed = 5});
  Random wide(RandomKey{.seed = 5});
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t low = words.bits();
    const std::uint64_t high = words.bits();
    ASSERT_EQ(wide.bits64(), low | high << 32);
  }
}

TEST(Random, UniformIsTheTopBitsAsAFraction) {
  Random words(RandomKey{.seed = 6});
  Random fractions(RandomKey{.seed = 6});
  for (int i = 0; i < 10000; ++i) {
    const float u = fractions.uniform();
    ASSERT_GE(u, 0.0f);
    ASSERT_LT(u, 1.0f);
    ASSERT_EQ(std::ldexp(static_cast<double>(u), 24), words.bits() >> 8);
  }
}

TEST(Random, UniformDoubleIsTheTop53BitsAsAFraction) {
  Random words(RandomKey{.seed = 6});
  Random fractions(RandomKey{.seed = 6});
  for (int i = 0; i < 10000; ++i) {
    const double u = fractions.uniform_double();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    ASSERT_EQ(static_cast<std::uint64_t>(std::ldexp(u, 53)), words.bits64() >> 11);
  }
}

TEST(Random, CopyContinuesFromTheSamePlace) {
  Random original(RandomKey{.seed = 8});
  for (int i = 0; i < 7; ++i) original.bits();
  original.normal();  // leaves a spare normal behind, which is part of the place
  Random copy = original;
  for (int i = 0; i < 20; ++i) ASSERT_EQ(copy.normal(), original.normal());
  for (int i = 0; i < 20; ++i) ASSERT_EQ(copy.bits(), original.bits());
}

TEST(RandomKey, EveryFieldNamesAnotherStream) {
  const RandomKey key{.seed = 1, .peer = PeerId{2}, .round = Round{3}, .stream = Stream::minibatch};
  std::vector<RandomKey> keys{key};
  for (int bit = 0; bit < 64; ++bit) keys.push_back({key.seed ^ 1ull << bit, key.peer, key.round, key.stream});
  for (int bit = 0; bit < 32; ++bit)
    keys.push_back({key.seed, PeerId{key.peer.value ^ 1u << bit}, key.round, key.stream});
  for (int bit = 0; bit < 48; ++bit)
    keys.push_back({key.seed, key.peer, Round{key.round.value ^ 1ull << bit}, key.stream});
  for (int bit = 0; bit < 16; ++bit) {
    const auto stream = static_cast<Stream>(static_cast<unsigned>(key.stream) ^ 1u << bit);
    keys.push_back({key.seed, key.peer, key.round, stream});
  }
  // Philox is a bijection of the counter for each key, so that two keys of one seed never share a block; between seeds
  // two of these 161 blocks of 128 bits coincide with a probability below 1e-34.
  std::set<Block> blocks;
  for (const RandomKey& each : keys) blocks.insert(random_block(each, 0));
  EXPECT_EQ(blocks.size(), keys.size());
}

TEST(RandomKey, CanBeReadBackFromPhiloxsInput) {
  Random random(RandomKey{.seed = 9});
  for (int i = 0; i < 1000; ++i) {
    const RandomKey key{.seed = random.bits64(),
                        .peer = PeerId{random.bits()},
                        .round = Round{random.bits64() >> 16},
                        .stream = static_cast<Stream>(random.below(1 << 16))};
    const PhiloxInput in = philox_input(key);
    EXPECT_EQ(in.key0 | std::uint64_t{in.key1} << 32, key.seed);
    EXPECT_EQ(in.counter1 | std::uint64_t{in.counter3 & 0xffff} << 32, key.round.value);
    EXPECT_EQ(in.counter2, key.peer.value);
    EXPECT_EQ(in.counter3 >> 16, static_cast<std::uint32_t>(key.stream));
  }
}

TEST(RandomKeyDeathTest, RefusesARoundThatDoesNotFit) {
  EXPECT_DEATH(random_block({.round = Round{1ull << 48}}, 0), "281474976710656");
}

TEST(Random, BelowOneIsZero) {
  Random random(RandomKey{.seed = 10});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(random.below(1), 0u);
}

TEST(Random, BelowStaysBelowEveryBound) {
  Random random(RandomKey{.seed = 12});
  for (std::uint32_t bound : {2u, 3u, 7u, 255u, 256u, 65537u, 0x80000000u, 0x80000001u, 0xffffffffu})
    for (int i = 0; i < 1000; ++i) ASSERT_LT(random.below(bound), bound);
}

TEST(RandomDeathTest, RefusesAnEmptyRange) {
  Random random(RandomKey{.seed = 13});
  EXPECT_DEATH(random.below(0), "bound > 0");
}

TEST(Random, ShuffleKeepsEveryElement) {
  Random random(RandomKey{.seed = 14});
  for (std::size_t size : {0u, 1u, 2u, 3u, 100u, 1000u}) {
    std::vector<std::size_t> values(size);
    std::iota(values.begin(), values.end(), std::size_t{0});
    const std::vector<std::size_t> before = values;
    random.shuffle(std::span(values));
    std::vector<std::size_t> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted, before);
  }
}

}  // namespace
}  // namespace parley::base
