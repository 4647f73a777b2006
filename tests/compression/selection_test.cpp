// What distinguishes the sparsifiers from each other: where they agree with top-k, and what they promise.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "harness.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

Floats sent(const std::string& spec, const Floats& x, const base::RandomKey& key = kKey) {
  Harness harness(spec);
  return harness.decode(harness.encode(x, key), x.size(), key);
}

TEST(BlockTopk, OfOneBlockHasTheBytesOfTopk) {
  for (const std::size_t d : {1u, 37u, 4099u, 65536u}) {
    for (const Input& input : inputs(d)) {
      EXPECT_TRUE(same_bytes(Harness("blocktopk(block=65536, ratio=0.03)").encode(input.x),
                             Harness("topk(ratio=0.03)").encode(input.x)))
          << input.name << ' ' << d;
    }
  }
}

TEST(BlockTopk, IsNeverBetterThanTopkOfAsMany) {
  for (const Input& input : inputs(4096)) {
    const Floats blocks = sent("blocktopk(block=64, k=3)", input.x), all = sent("topk(k=192)", input.x);
    EXPECT_GE(squared_distance(blocks, input.x), squared_distance(all, input.x) * (1 - 1e-12)) << input.name;
  }
}

TEST(BlockTopk, RefusesMoreOfABlockThanItsShare) {
  // Two blocks of eight, one of each: both of the first are four bits as gaps, {0, 1}.
  const Bytes both_of_one = {0, 0x03, 0, 0, 0x80, 0x3F, 0, 0, 0x80, 0x3F};
  Harness harness("blocktopk(block=8, k=1)");
  Floats y(16, 1.0f);
  const auto added = harness.decode_add(both_of_one, 1.0f, y);
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.refusal().reason, "payload_index");
  EXPECT_TRUE(same_floats(y, Floats(16, 1.0f)));
}

TEST(LargestBlocks, AreTheBestOfAllSetsOfSoManyBlocks) {
  constexpr std::size_t kBlock = 8, kBlocks = 9, kKept = 4;
  for (const std::size_t d : {kBlock * kBlocks, kBlock * kBlocks - 5}) {
    for (const Input& input : inputs(d)) {
      double best = 0;
      for (unsigned set = 0; set < (1u << kBlocks); ++set) {
        if (std::popcount(set) != kKept) continue;
        double kept = 0;
        for (std::size_t i = 0; i < d; ++i)
          if (((set >> (i / kBlock)) & 1) != 0) kept += static_cast<double>(input.x[i]) * input.x[i];
        best = std::max(best, kept);
      }
      EXPECT_NEAR(squared_norm(sent("blocktopk(block=8, k=4, keep=blocks)", input.x)), best, 1e-12 * best)
          << input.name << ' ' << d;
    }
  }
}

TEST(Threshold, LosesAtMostItsValueInEachCoordinate) {
  for (const Input& input : inputs(4099)) {
    const Floats c = sent("threshold(value=0.6)", input.x);
    for (std::size_t i = 0; i < c.size(); ++i) {
      EXPECT_LE(std::abs(c[i] - input.x[i]), 0.6f) << input.name;
      EXPECT_TRUE(c[i] == 0 || (c[i] == input.x[i] && std::abs(c[i]) > 0.6f)) << input.name;
    }
  }
}

TEST(Threshold, OfZeroSendsEverythingExactly) {
  for (const Input& input : inputs(513)) EXPECT_TRUE(same_floats(sent("threshold(value=0)", input.x), input.x));
}

TEST(Threshold, IsTopkWhereMoreExceedItThanMayBeSent) {
  for (const std::size_t d : {5u, 1000u, 20000u}) {
    for (const Input& input : inputs(d)) {
      EXPECT_TRUE(same_bytes(Harness("threshold(value=0, most=0.2)").encode(input.x),
                             Harness("topk(ratio=0.2)").encode(input.x)))
          << input.name << ' ' << d;
    }
  }
}

TEST(SampledTopk, IsTopkWhereASampleSaysLittle) {
  for (const Input& input : inputs(500))
    EXPECT_TRUE(same_floats(sent("sampledtopk(k=20)", input.x), sent("topk(k=20)", input.x)));
  for (const Input& input : inputs(20000))
    EXPECT_TRUE(same_floats(sent("sampledtopk(k=20)", input.x), sent("topk(k=20)", input.x)));
}

TEST(SampledTopk, SendsTheLargestOfAllAndNeverMoreThanItsBound) {
  constexpr std::size_t kSize = 50000;
  for (const Input& input : inputs(kSize)) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const Floats c = sent("sampledtopk(ratio=0.02)", input.x, key_of(seed));
      const auto count = static_cast<std::size_t>(std::count_if(c.begin(), c.end(), [](float v) { return v != 0; }));
      ASSERT_LE(count, 1250u);
      if (count == 0) continue;
      EXPECT_TRUE(same_floats(c, sent("topk(k=" + std::to_string(count) + ")", input.x))) << input.name;
    }
  }
}

TEST(SampledTopk, SendsAboutAsManyAsWantedAndNoFewerThanItsContractionSays) {
  // Of distinct magnitudes, 2 %. s = 2048, r = 41: c/d is Beta distributed with mean 41/2049 and a deviation of about
  // sqrt(41)/2049 = 0.0031. Means of 2000 runs deviate by 7e-5; eight of these are exceeded with probability 1e-15.
  // The cut at 1.25 k = 0.025 takes off at most Scarf's bound, which for this distance is 0.0008.
  constexpr std::size_t kSize = 32768, kRuns = 2000;
  Floats x(kSize);
  for (std::size_t i = 0; i < kSize; ++i) x[i] = static_cast<float>(1 + i * 12345 % kSize);
  Harness harness("sampledtopk(ratio=0.02)");
  double sum = 0;
  for (std::size_t run = 0; run < kRuns; ++run) {
    const Bytes bytes = harness.encode(x, key_of(run));
    ASSERT_TRUE(bytes[0] >= 128 || bytes.size() > 820 * 4);
    sum += bytes[0] >= 128 ? static_cast<double>(bytes[1] + 256 * bytes[2]) : 820;
  }
  const double mean = sum / kRuns / kSize, slack = 8 * 7e-5;
  EXPECT_GE(mean, harness.compressor->properties(kSize).delta - slack);
  EXPECT_LE(mean, 41.0 / 2049 + slack + 1.0 / kSize);
  EXPECT_GE(mean, 41.0 / 2049 - 0.0008 - slack);
}

}  // namespace
}  // namespace parley::compression::test
