// Levels of least variance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "harness.h"
#include "subjects.h"
#include "zipml_reference.h"

namespace parley::compression::test {
namespace {

/// The levels that are sent for one bucket.
std::vector<double> levels_of(const std::string& spec, int bits, const Floats& x) {
  Harness harness(spec);
  const Bytes bytes = harness.encode(x);
  std::vector<double> levels;
  for (std::size_t k = 0; k < std::size_t{1} << bits; ++k) {
    float level;
    std::memcpy(&level, bytes.data() + 4 * k, sizeof level);
    levels.push_back(level);
  }
  return levels;
}

std::vector<double> sorted(const Floats& x) {
  std::vector<double> points(x.begin(), x.end());
  std::sort(points.begin(), points.end());
  return points;
}

TEST(Zipml, FindsTheLevelsThatAreKnown) {
  const Floats x = {3, -1, 0.5f, 0, -4, 2, -0.25f, 1.5f};
  const std::vector<double> levels = levels_of("zipml(bits=2, scaling=unbiased)", 2, x);
  EXPECT_THAT(levels, testing::ElementsAre(-4, -0.25, 1.5, 3));
  EXPECT_DOUBLE_EQ(variance_of(sorted(x), levels), 3.875);
}

TEST(Zipml, IsTheBestOfAllChoicesOfPointsIfNoTwoShareACell) {
  base::Random random(key_of(1));
  for (int attempt = 0; attempt < 200; ++attempt) {
    // Points of a lattice of 200 places, which are more than a cell apart.
    Floats x;
    while (x.size() < 10) {
      const auto v = static_cast<float>(random.below(200)) - 90;
      if (std::find(x.begin(), x.end(), v) == x.end()) x.push_back(v);
    }
    for (const int bits : {1, 2}) {
      const std::vector<double> levels = levels_of(fmt::format("zipml(bits={}, scaling=unbiased)", bits), bits, x);
      // Positions have 20 bits: each product is off by 2^-19 of the range's square at most, here and there.
      EXPECT_NEAR(variance_of(sorted(x), levels), least_variance(sorted(x), levels.size()), 40 * 200 * 200 * 0x1p-19);
    }
  }
}

TEST(Zipml, IsNearTheBestOfManyPoints) {
  // What cells cost at most: for each point the width of a cell times the distance of the levels around it.
  const Floats x = inputs(300)[0].x;
  const std::vector<double> points = sorted(x);
  const double range = points.back() - points.front();
  for (const int bits : {1, 2, 3}) {
    const std::vector<double> levels = levels_of(fmt::format("zipml(bits={}, scaling=unbiased)", bits), bits, x);
    const double best = least_variance_of_many(points, levels.size());
    const double found = variance_of(points, levels);
    EXPECT_GE(found, best * (1 - 1e-12));
    EXPECT_LE(found, best + 300 * range * range / 256 + 300 * range * range * 0x1p-18) << bits;
    EXPECT_LE(found, 1.02 * best) << bits;  // and in truth by far less
  }
}

TEST(Zipml, IsBetterThanEquallySpacedLevelsAndWithEveryLevelMore) {
  for (const std::size_t which : {0u, 9u, 12u}) {
    const Floats x = inputs(4000)[which].x;
    const std::vector<double> points = sorted(x);
    double before = std::numeric_limits<double>::infinity();
    for (int bits = 1; bits <= 6; ++bits) {
      const std::vector<double> levels = levels_of(fmt::format("zipml(bits={}, scaling=unbiased)", bits), bits, x);
      std::vector<double> equal;
      for (std::size_t k = 0; k < levels.size(); ++k)
        equal.push_back(points.front() + (points.back() - points.front()) * static_cast<double>(k) /
                                             static_cast<double>(levels.size() - 1));
      const double variance = variance_of(points, levels);
      // Positions of 20 bits may cost a little.
      const double slack = 4000 * std::pow(points.back() - points.front(), 2) * 0x1p-18;
      EXPECT_LE(variance, variance_of(points, equal) + slack) << which << ' ' << bits;
      EXPECT_LE(variance, before + slack) << which << ' ' << bits;
      before = variance;
    }
  }
}

TEST(Zipml, IsExactForAsManyValuesAsLevels) {
  base::Random random(key_of(2));
  const Floats values = {-3.7f, -0.1f, 0.2f, 5.5f};
  Floats x(1000);
  for (float& v : x) v = values[random.below(4)];
  for (const char* scaling : {"contractive", "unbiased"}) {
    Harness harness(fmt::format("zipml(bits=2, scaling={})", scaling));
    EXPECT_TRUE(same_floats(harness.decode(harness.encode(x), x.size()), x));
  }
}

}  // namespace
}  // namespace parley::compression::test
