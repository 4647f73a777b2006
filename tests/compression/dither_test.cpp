#include "compression/coding/dither.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "harness.h"

namespace parley::compression {
namespace {

/// E|Q(x) - x|^2 / |x|^2 of stochastic rounding to multiples of |x|/s.
double relative_variance(Norm norm, const std::vector<double>& x, unsigned s) {
  double energy = 0, largest = 0, variance = 0;
  for (const double v : x) {
    energy += v * v;
    largest = std::max(largest, std::abs(v));
  }
  const double n = norm == Norm::l2 ? std::sqrt(energy) : largest;
  for (const double v : x) {
    const double r = std::abs(v) * s / n;
    variance += n * n / (s * s) * (r - std::floor(r)) * (1 - (r - std::floor(r)));
  }
  return variance / energy;
}

constexpr std::size_t kLengths[] = {1, 2, 3, 8, 64, 512};
constexpr unsigned kLevels[] = {1, 3, 7, 15, 127};

TEST(DitherVariance, IsNeverExceeded) {
  base::Random random(test::key_of(8));
  for (const std::size_t length : kLengths) {
    for (const unsigned s : kLevels) {
      for (int attempt = 0; attempt < 300; ++attempt) {
        const double spread = 4 * random.uniform_double();
        std::vector<double> x(length);
        for (double& v : x) v = std::exp(spread * random.normal());
        for (const Norm norm : {Norm::l2, Norm::linf})
          EXPECT_LE(relative_variance(norm, x, s), dither_variance(norm, length, s) * (1 + 1e-12) + 1e-12)
              << length << ' ' << s;
      }
    }
  }
}

TEST(DitherVariance, IsAttainedInTheMaximumNorm) {
  // One coordinate at the norm and the others at s / (s + sqrt(s^2 + length - 1)) of a level.
  for (const std::size_t length : kLengths) {
    for (const unsigned s : kLevels) {
      const double root = std::sqrt(static_cast<double>(s) * s + static_cast<double>(length) - 1);
      std::vector<double> x(length, 1 / (s + root));
      x[0] = 1;
      EXPECT_NEAR(relative_variance(Norm::linf, x, s), dither_variance(Norm::linf, length, s), 1e-9)
          << length << ' ' << s;
    }
  }
}

TEST(DitherVariance, IsAttainedInTheEuclideanNormByEqualMagnitudesOfFewLevels) {
  for (const std::size_t length : {64u, 512u}) {
    for (const unsigned s : {1u, 3u}) {
      EXPECT_NEAR(relative_variance(Norm::l2, std::vector<double>(length, 1.0), s),
                  dither_variance(Norm::l2, length, s), 1e-9);
    }
  }
}

TEST(DitherVariance, HasItsTextbookValuesForOneLevel) {
  // Ternary: sqrt(B) - 1 in the Euclidean norm, (sqrt(B) - 1) / 2 in the maximum norm.
  EXPECT_DOUBLE_EQ(dither_variance(Norm::l2, 256, 1), 15);
  EXPECT_DOUBLE_EQ(dither_variance(Norm::linf, 256, 1), 7.5);
}

TEST(LevelUnit, KeepsTheLargestLevelFinite) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  for (unsigned s = 1; s <= 32767; s = 2 * s + 1)
    EXPECT_TRUE(std::isfinite(level_unit(kLargest, s, 0) * static_cast<float>(s))) << s;
}

TEST(LevelGrid, TakesTheNormToTheLargestLevelExactly) {
  base::Random random(test::key_of(9));
  for (int attempt = 0; attempt < 20000; ++attempt) {
    const float norm = std::ldexp(1 + random.uniform(), static_cast<int>(random.below(253)) - 126);
    for (const unsigned s : kLevels) {
      const kernels::LevelGrid grid = level_grid(norm, s);
      const float scaled = norm * grid.prescale;
      EXPECT_GE(scaled * grid.inverse, static_cast<float>(s)) << norm;
      EXPECT_LE(scaled * grid.inverse, static_cast<float>(s) * (1 + 0x1p-22f)) << norm;
    }
  }
}

TEST(RoundUp, IsTheSmallestFloatThatIsNotBelow) {
  EXPECT_EQ(round_up(0), 0);
  EXPECT_EQ(round_up(1 + 0x1p-30), 1 + 0x1p-23f);
  EXPECT_EQ(round_up(1e300), std::numeric_limits<float>::max());
}

}  // namespace
}  // namespace parley::compression
