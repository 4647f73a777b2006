#include "gossip/mixing.h"

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <cmath>
#include <vector>

#include "base/random.h"

namespace parley::gossip {
namespace {

std::vector<float> random_vector(std::size_t d, std::uint32_t which) {
  base::Random random({.seed = 11, .peer = base::PeerId{which}});
  std::vector<float> values(d);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

// Around the block and lane sizes of the kernels, and far beyond.
constexpr std::size_t kSizes[] = {0, 1, 15, 16, 17, 1023, 1024, 1025, 5000};

TEST(Mix, AddsTheWeightedDifferencesOneRoundingAtATime) {
  for (std::size_t d : kSizes) {
    std::vector<float> x = random_vector(d, 0);
    const auto own = random_vector(d, 1), first = random_vector(d, 2), second = random_vector(d, 3);
    std::vector<float> expected = x;
    for (std::size_t i = 0; i < d; ++i) {
      // volatile: every operation is rounded to a float by itself.
      volatile float a = first[i] - own[i];
      volatile float b = second[i] - own[i];
      volatile float wa = 0.1f * a;
      volatile float wb = 0.3f * b;
      volatile float sum = wa + wb;
      expected[i] = expected[i] + sum;
    }
    mix(x, own, std::vector<Term>{{0.1f, first}, {0.3f, second}});
    EXPECT_EQ(x, expected) << d;
  }
}

TEST(Mix, ReturnsTheSquaredDistanceFromBefore) {
  for (std::size_t d : kSizes) {
    std::vector<float> x = random_vector(d, 0);
    const auto own = random_vector(d, 1);
    double expected = 0;
    for (std::size_t i = 0; i < d; ++i)
      expected += std::pow(static_cast<double>(x[i]) - static_cast<double>(own[i]), 2);
    EXPECT_NEAR(mix(x, own, {}), expected, 1e-5 * expected) << d;
    EXPECT_EQ(x, random_vector(d, 0)) << "without terms nothing moves";
  }
}

TEST(Mix, OfAllPartsIsTheMixOfTheWhole) {
  constexpr std::size_t kSize = 5000;
  const auto own = random_vector(kSize, 1), replica = random_vector(kSize, 2);
  const std::vector<Term> terms = {{0.3f, replica}};
  std::vector<float> whole = random_vector(kSize, 0), parts = whole;
  mix(whole, own, terms);
  std::vector<std::pair<std::size_t, std::size_t>> blocks;
  block_by_block(kSize, [&](std::size_t first, std::size_t n) {
    blocks.emplace_back(first, n);
    mix(std::span(parts).subspan(first, n), std::span(own).subspan(first, n), terms, first);
  });
  EXPECT_EQ(parts, whole);
  std::size_t covered = 0;
  for (const auto& [first, n] : blocks) {
    EXPECT_EQ(first, covered);
    covered += n;
  }
  EXPECT_EQ(covered, kSize);
  EXPECT_GT(blocks.size(), 2u);
}

TEST(Subtract, GivesTheDifferenceAndItsSquaredNorm) {
  for (std::size_t d : kSizes) {
    const auto x = random_vector(d, 0), reference = random_vector(d, 1);
    std::vector<float> difference(d);
    const double energy = subtract(x, reference, difference);
    double expected = 0;
    for (std::size_t i = 0; i < d; ++i) {
      EXPECT_EQ(difference[i], x[i] - reference[i]);
      expected += static_cast<double>(difference[i]) * static_cast<double>(difference[i]);
    }
    EXPECT_NEAR(energy, expected, 1e-5 * expected) << d;
    EXPECT_NEAR(squared_distance(x, reference), expected, 1e-5 * expected) << d;
  }
}

TEST(Mixing, EveryInstructionSetGivesTheSameBits) {
  const std::int64_t supported = hwy::SupportedTargets();
  for (std::size_t d : kSizes) {
    const auto own = random_vector(d, 1), first = random_vector(d, 2), second = random_vector(d, 3);
    const std::vector<Term> terms = {{0.1f, first}, {0.3f, second}};
    std::vector<float> expected;
    double energies[3] = {};
    bool is_first = true;
    for (std::int64_t left = supported; left != 0; left &= left - 1) {
      hwy::SetSupportedTargetsForTest(left & -left);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      std::vector<float> x = random_vector(d, 0), difference(d);
      const double measured[3] = {mix(x, own, terms), subtract(x, own, difference), squared_distance(first, second)};
      if (is_first) expected = x;
      for (int i = 0; i < 3; ++i) {
        if (is_first) energies[i] = measured[i];
        EXPECT_EQ(measured[i], energies[i]) << hwy::TargetName(left & -left) << ' ' << d;
      }
      EXPECT_EQ(x, expected) << hwy::TargetName(left & -left) << ' ' << d;
      is_first = false;
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
}

}  // namespace
}  // namespace parley::gossip
