// What is special about rounding to powers of two and to equally spaced points, beyond what every operator promises.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compression/coding/power_dither.h"
#include "harness.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

constexpr float kLargest = std::numeric_limits<float>::max();

Floats through(const std::string& spec, const Floats& x, const base::RandomKey& key = kKey) {
  Harness harness(spec);
  return harness.decode(harness.encode(x, key), x.size(), key);
}

TEST(Natural, SendsPowersOfTwoExactlyAndTheLargestFloatToo) {
  Floats x;
  for (int e = -126; e <= 127; ++e) x.push_back(std::ldexp(e % 2 == 0 ? 1.0f : -1.0f, e));
  x.push_back(0);
  for (const char* spec : {"natural", "natural(rounding=nearest)"}) EXPECT_TRUE(same_floats(through(spec, x), x));
  EXPECT_TRUE(same_floats(through("natural(rounding=nearest)", {kLargest, -kLargest}), {kLargest, -kLargest}));
}

TEST(Natural, ToNearestIsNeverWrongByMoreThanAThird) {
  base::Random random(key_of(1));
  Floats x(100000);
  for (float& v : x) v = std::ldexp(1 + random.uniform(), static_cast<int>(random.below(253)) - 126);
  const Floats c = through("natural(rounding=nearest)", x);
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(1 - static_cast<double>(c[i]) / x[i]));
  EXPECT_LE(worst, 1.0 / 3);
  EXPECT_GT(worst, 0.333);
  EXPECT_EQ(through("natural(rounding=nearest)", {1.5f})[0], 2.0f);  // half-way, to the larger one
}

TEST(Natural, HasItsVarianceAtFourThirdsOfAPowerOfTwo) {
  // |C(x) - x|^2 / x^2 is 1/16 with probability 2/3 and 1/4 with 1/3: mean 1/8, deviation below 0.1. Eight standard
  // errors of the mean are exceeded with probability 1.3e-15.
  const Floats x(1 << 20, 4.0f / 3);
  const double error = squared_distance(through("natural", x), x) / squared_norm(x);
  EXPECT_NEAR(error, 1.0 / 8, 8 * 0.1 / std::sqrt(1 << 20));
}

TEST(NaturalDithering, OfManyLevelsIsNaturalCompression) {
  // With a norm of 1, nothing below the finest level, and buckets of whole groups of random words.
  base::Random random(key_of(2));
  Floats x(1000);
  for (float& v : x) v = (random.uniform() < 0.5f ? -1.0f : 1.0f) * std::max(0x1p-30f, random.uniform());
  for (std::size_t i = 0; i < x.size(); i += 64) x[i] = 1;
  const Floats expected = through("natural", x);
  EXPECT_TRUE(same_floats(through("natural-dithering(levels=31, bucket=64, scaling=unbiased)", x), expected));
}

TEST(NaturalDithering, OfTheEuclideanNormIsNuqsgd) {
  for (const std::size_t d : {1u, 65u, 4099u}) {
    for (const Input& input : inputs(d)) {
      for (const int levels : {2, 6, 10}) {
        Harness one(fmt::format("natural-dithering(levels={}, bucket=100, norm=l2)", levels + 1));
        Harness other(fmt::format("nuqsgd(levels={}, bucket=100)", levels));
        EXPECT_TRUE(same_bytes(one.encode(input.x), other.encode(input.x))) << input.name << ' ' << d;
      }
    }
  }
}

/// E|Q(x) - x|^2 / |x|^2 of rounding at random to 0, 2^-finest, ..., 1 times the norm.
double relative_power_variance(Norm norm, const std::vector<double>& x, int finest) {
  double energy = 0, largest = 0, variance = 0;
  for (const double v : x) {
    energy += v * v;
    largest = std::max(largest, std::abs(v));
  }
  const double n = norm == Norm::l2 ? std::sqrt(energy) : largest;
  for (const double v : x) {
    const double r = std::abs(v) / n, q = std::ldexp(1.0, -finest);
    const double lower = r < q ? 0 : std::ldexp(1.0, std::ilogb(r)), upper = r < q ? q : 2 * lower;
    variance += n * n * (upper - r) * (r - lower);
  }
  return variance / energy;
}

TEST(PowerDitherVariance, IsNeverExceeded) {
  base::Random random(key_of(3));
  for (const std::size_t length : {1u, 2u, 3u, 8u, 64u, 512u}) {
    for (const int finest : {0, 1, 2, 4, 7}) {
      for (int attempt = 0; attempt < 300; ++attempt) {
        const double spread = 4 * random.uniform_double();
        std::vector<double> x(length);
        for (double& v : x) v = std::exp(spread * random.normal());
        for (const Norm norm : {Norm::l2, Norm::linf})
          EXPECT_LE(relative_power_variance(norm, x, finest),
                    power_dither_variance(norm, length, static_cast<unsigned>(finest)) * (1 + 1e-12) + 1e-12)
              << length << ' ' << finest;
      }
    }
  }
}

TEST(PowerDitherVariance, IsAttainedInTheMaximumNorm) {
  // One coordinate at the norm, the others where r (q - r) - omega r^2, or (r - 1/2)(1 - r) - omega r^2, is largest.
  for (const std::size_t length : {2u, 8u, 64u, 512u}) {
    for (const unsigned finest : {1u, 2u, 4u, 7u, 20u}) {
      const double omega = power_dither_variance(Norm::linf, length, finest);
      double attained = 0;
      for (const double r : {std::ldexp(0.5, -static_cast<int>(finest)) / (1 + omega), 0.75 / (1 + omega)}) {
        std::vector<double> x(length, r);
        x[0] = 1;
        attained = std::max(attained, relative_power_variance(Norm::linf, x, static_cast<int>(finest)));
      }
      EXPECT_NEAR(attained, omega, 1e-12) << length << ' ' << finest;
    }
  }
}

TEST(PowerDitherVariance, IsAttainedInTheEuclideanNormByEqualMagnitudesOfFewLevels) {
  for (const unsigned finest : {1u, 2u, 3u}) {
    const std::size_t length = 512;  // above 81/16 4^finest
    EXPECT_NEAR(relative_power_variance(Norm::l2, std::vector<double>(length, 1.0), static_cast<int>(finest)),
                power_dither_variance(Norm::l2, length, finest), 1e-9);
  }
}

TEST(Uniform, OfTheLargestMagnitudeIsQsgd) {
  for (const std::size_t d : {1u, 65u, 4099u}) {
    for (const Input& input : inputs(d)) {
      for (const char* arguments : {"bits=4, bucket=512, scaling=contractive", "bits=2, bucket=64, scaling=unbiased",
                                    "bits=7, bucket=100, scaling=contractive"}) {
        Harness uniform(fmt::format("uniform({}, range=absmax)", arguments));
        Harness qsgd(fmt::format("qsgd({}, norm=linf)", arguments));
        const Bytes bytes = uniform.encode(input.x);
        EXPECT_TRUE(same_bytes(bytes, qsgd.encode(input.x))) << input.name << ' ' << d;
        EXPECT_TRUE(same_floats(uniform.decode(bytes, d), qsgd.decode(bytes, d))) << input.name << ' ' << d;
      }
    }
  }
}

TEST(Uniform, KeepsTheExtremesAndConstantsAndIsOffByHalfAStepAtMost) {
  base::Random random(key_of(4));
  for (const int bits : {1, 3, 8}) {
    Floats x(256);
    for (float& v : x) v = 5 + random.uniform();
    const auto [low, high] = std::minmax_element(x.begin(), x.end());
    const Floats c = through(fmt::format("uniform(bits={}, rounding=nearest)", bits), x);
    // Of base + unit m: half an ulp each of the two terms, of their sum, and s of unit, at magnitudes below 8.
    constexpr double kRounding = 4 * 0x1p-22;
    const double step = (static_cast<double>(*high) - *low) / (std::ldexp(1.0, bits) - 1);
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_LE(std::abs(c[i] - x[i]), step / 2 + kRounding);
    EXPECT_NEAR(c[static_cast<std::size_t>(low - x.begin())], *low, kRounding);
    EXPECT_NEAR(c[static_cast<std::size_t>(high - x.begin())], *high, kRounding);
  }
  const Floats constant(300, -0.3f);
  EXPECT_TRUE(same_floats(through("uniform(bits=1)", constant), constant));
}

TEST(Uniform, ToNearestKeepsTheOrder) {
  Floats x(256);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sinh(0.05f * (static_cast<float>(i) - 128));
  for (const char* range : {"linear", "absmax"}) {
    const Floats c = through(fmt::format("uniform(bits=5, rounding=nearest, range={})", range), x);
    EXPECT_TRUE(std::is_sorted(c.begin(), c.end())) << range;
  }
}

TEST(Uniform, HasItsVarianceWhenAllButTheExtremesLieHalfWay) {
  // Each of the others is off by half a step of 2/s, whichever way: no randomness in the error.
  Floats x(256);
  x[0] = -1, x[100] = 1;
  for (const int bits : {1, 2, 4}) {
    const std::string spec = fmt::format("uniform(bits={}, scaling=unbiased)", bits);
    const double omega = Harness(spec).compressor->properties(256).omega;
    EXPECT_NEAR(squared_distance(through(spec, x), x) / squared_norm(x), omega, 1e-5 * omega) << bits;
  }
}

TEST(Uniform, RefusesWhatHasNoMeaning) {
  EXPECT_THROW(Harness("uniform(rounding=nearest, scaling=unbiased)"), base::OperatorError);
  EXPECT_THROW(Harness("uniform(bits=1, range=absmax)"), base::OperatorError);
}

TEST(Dorefa, IsUniformOfARangeThatIsSymmetric) {
  base::Random random(key_of(5));
  Floats x(4096);
  for (float& v : x) v = 2 * random.uniform() - 1;
  for (std::size_t i = 0; i < x.size(); i += 64) x[i + 3] = -1, x[i + 40] = 1;
  for (const int bits : {1, 2, 4, 8}) {
    const Floats uniform = through(fmt::format("uniform(bits={}, bucket=64, scaling=unbiased)", bits), x);
    EXPECT_TRUE(same_floats(through(fmt::format("dorefa(bits={}, bucket=64, scaling=unbiased)", bits), x), uniform));
  }
}

TEST(Dorefa, OfOneBitIsPlusOrMinusTheLargestMagnitude) {
  // P(+) = 1/2 + x/(2m) = 3/4 for all but the first of each bucket. Eight standard errors as above.
  Floats x(1 << 20, 1.0f);
  for (std::size_t i = 0; i < x.size(); i += 1 << 10) x[i] = -2;
  const Floats c = through("dorefa(bits=1, bucket=1024, scaling=unbiased)", x);
  std::size_t positive = 0, others = 0;
  for (std::size_t i = 0; i < c.size(); ++i) {
    ASSERT_EQ(std::abs(c[i]), 2.0f);
    if (i % 1024 == 0) {
      ASSERT_EQ(c[i], -2.0f);
      continue;
    }
    ++others;
    positive += c[i] > 0 ? 1 : 0;
  }
  const auto n = static_cast<double>(others);
  EXPECT_NEAR(static_cast<double>(positive) / n, 0.75, 8 * std::sqrt(0.75 * 0.25 / n));
}

}  // namespace
}  // namespace parley::compression::test
