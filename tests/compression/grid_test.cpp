// Operators that round to grids of powers of two, beyond what every operator promises.
#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <set>

#include "harness.h"
#include "reference_parts.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

Floats decoded(const std::string& spec, const Floats& x, const base::RandomKey& key = kKey) {
  Harness harness(spec);
  return harness.decode(harness.encode(x, key), x.size(), key);
}

Floats uniform_floats(std::size_t d, float width) {
  base::Random random(kKey);
  Floats x(d);
  for (float& v : x) v = (2 * random.uniform() - 1) * width;
  return x;
}

TEST(Fixed, IsExactOnItsGrid) {
  for (const char* rounding : {"nearest", "stochastic"}) {
    Floats x;
    for (int level = -128; level < 128; ++level) x.push_back(static_cast<float>(level) / 32);
    EXPECT_EQ(decoded(fmt::format("fixed(int_bits=3, frac_bits=5, rounding={})", rounding), x), x);
  }
}

TEST(Fixed, IsWithinItsUnitInsideTheRangeAndSaturatesOutside) {
  const Floats x = uniform_floats(5000, 4);
  const Floats nearest = decoded("fixed(int_bits=3, frac_bits=5, rounding=nearest)", x);
  const Floats drawn = decoded("fixed(int_bits=3, frac_bits=5)", x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] > 127.0f / 32) continue;
    EXPECT_LE(std::abs(nearest[i] - x[i]), 1.0f / 64) << x[i];
    EXPECT_LT(std::abs(drawn[i] - x[i]), 1.0f / 32) << x[i];
  }
  EXPECT_EQ(decoded("fixed(int_bits=3, frac_bits=5)", {4, 1e30f, -4.1f, -1e30f}),
            (Floats{127.0f / 32, 127.0f / 32, -4, -4}));
}

TEST(Fixed, RoundsTiesDownOnBothSidesOfZero) {
  // Whether just below, at, or just above a tie, down to floats that are neighbours.
  for (const float tie : {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f}) {
    const Floats x = {std::nextafter(tie, -9.0f), tie, std::nextafter(tie, 9.0f)};
    EXPECT_EQ(decoded("fixed(int_bits=8, frac_bits=0, rounding=nearest)", x),
              (Floats{std::floor(tie), std::floor(tie), std::floor(tie) + 1}))
        << tie;
  }
}

TEST(Fixed, KeepsTheMeanInsideTheRange) {
  constexpr std::size_t kSize = 64, kRuns = 20000;
  const Floats x = uniform_floats(kSize, 3.9f);
  std::vector<double> sum(kSize);
  for (std::size_t run = 0; run < kRuns; ++run) {
    const Floats c = decoded("fixed(int_bits=3, frac_bits=2)", x, key_of(run));
    for (std::size_t i = 0; i < kSize; ++i) sum[i] += c[i];
  }
  for (std::size_t i = 0; i < kSize; ++i) {
    if (x[i] > 3.75f) continue;
    // The variance is f(1 - f) units^2. Seven deviations are exceeded with probability 2.6e-12 for each coordinate.
    const double t = x[i] / 0.25, f = t - std::floor(t);
    EXPECT_NEAR(sum[i] / kRuns, x[i], 7 * 0.25 * std::sqrt(f * (1 - f) / kRuns) + 1e-6) << x[i];
  }
}

TEST(Fixed, RefusesMoreThanSixteenBitsAndFewerThanTwo) {
  for (const char* spec : {"fixed(int_bits=9, frac_bits=8)", "fixed(int_bits=1, frac_bits=0)"})
    EXPECT_THROW(make_compressor(spec, base::ParameterLayout()), base::OperatorError) << spec;
}

TEST(Wage, HasAsManyLevelsAsItsBitsAllow) {
  // The paper's Q(x, k) on [-1, 1]: whole multiples of 2^(1-k), without -1 and 1.
  for (const int bits : {2, 3, 4, 5}) {
    Floats x = uniform_floats(5000, 1);
    x[0] = 1;  // Shift is 1
    const float sigma = std::ldexp(1.0f, 1 - bits);
    std::set<float> found;
    const Floats c = decoded(fmt::format("wage(bits={}, block=tensor)", bits), x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      found.insert(c[i]);
      const float q = std::clamp(sigma * std::nearbyint(x[i] / sigma), -1 + sigma, 1 - sigma);
      EXPECT_EQ(c[i], q) << x[i];
    }
    EXPECT_EQ(found.size(), (std::size_t{1} << bits) - 1);
    EXPECT_EQ(*found.rbegin(), 1 - sigma);
  }
}

TEST(Wage, ShiftsByTheNearestPowerOfTwoOrUp) {
  // One level of 16 bits below Shift is the largest that a block can have: it shows what Shift was.
  const auto shift_of = [](const char* spec, float m) {
    Harness harness(spec);
    return std::ldexp(1.0, harness.encode(Floats{m})[0] - 127);
  };
  for (const double m : {1.0, 1.2, 1.41421, 1.41422, 1.9, 2.0, 3.0, 1e-20, 1e20}) {
    const double nearest = std::exp2(std::round(std::log2(m))), up = std::exp2(std::ceil(std::log2(m)));
    EXPECT_DOUBLE_EQ(shift_of("wage(bits=8)", static_cast<float>(m)), nearest) << m;
    EXPECT_DOUBLE_EQ(shift_of("wage(bits=8, shift=up)", static_cast<float>(m)), up) << m;
  }
}

TEST(Wage, TellsTheTwoFloatsBesideTheRootOfTwo) {
  const auto below = std::bit_cast<float>(0x3FB504F3u), above = std::bit_cast<float>(0x3FB504F4u);
  ASSERT_LT(static_cast<double>(below) * below, 2);
  ASSERT_GT(static_cast<double>(above) * above, 2);
  EXPECT_EQ(Harness("wage").encode(Floats{below})[0], 127);
  EXPECT_EQ(Harness("wage").encode(Floats{above})[0], 128);
}

/// 1 - |C(x) - x|^2 / |x|^2
double kept(const std::string& spec, const Floats& x) {
  return 1 - squared_distance(decoded(spec, x), x) / squared_norm(x);
}

TEST(Wage, ReachesItsGuaranteeWhereItIsWorst) {
  // The others just below half a unit, where they round to zero, and the largest where most of it is cut.
  for (const int bits : {2, 4, 6}) {
    const std::string spec = fmt::format("wage(bits={}, block=64)", bits);
    const double guarantee = Harness(spec).compressor->properties(64).delta;
    double worst = 1;
    for (const double m : {std::sqrt(0.5) * 1.000001, std::sqrt(2.0) * 0.999999}) {
      Floats x(64, std::ldexp(0.4999999f, 1 - bits));
      x[5] = static_cast<float>(m);
      worst = std::min(worst, kept(spec, x));
    }
    EXPECT_GE(worst, guarantee - 1e-5) << bits;
    // At sqrt(1/2) the bound takes half a unit for the error of the largest, a quarter of a square.
    const double square = std::ldexp(1.0, 2 * bits - 3);
    EXPECT_LE(worst, guarantee * (1 + 0.5 / square) + 1e-5) << bits;
  }
}

TEST(Mx, HasTheErrorOfItsTableOnGaussianFloats) {
  // Mean squared errors of a double precision simulation over 2^22 Gaussian numbers, of which the sample here deviates
  // by less than 3 %.
  constexpr std::size_t kSize = 1 << 20;
  Floats x(kSize);
  base::Random random(key_of(2));
  for (float& v : x) v = static_cast<float>(random.normal());
  for (const auto& [element, error] : std::initializer_list<std::pair<const char*, double>>{
           {"e2m1", 1.32e-2}, {"e2m3", 8.0e-4}, {"e3m2", 2.9e-3}, {"e4m3", 8.6e-4}, {"e5m2", 2.9e-3}, {"int8", 6.8e-5}})
    EXPECT_NEAR((1 - kept(fmt::format("mx(element={})", element), x)) / error, 1, 0.03) << element;
}

TEST(Mx, KeepsPowersOfTwoAndItsOwnOutput) {
  for (const char* element : {"int8", "int4", "e4m3", "e5m2", "e3m2", "e2m3", "e2m1"}) {
    const std::string spec = fmt::format("mx(element={})", element);
    for (int e = -126; e < 127; ++e) {
      const Floats x(32, std::ldexp(-1.0f, e));
      EXPECT_EQ(decoded(spec, x), x) << element << ' ' << e;
    }
    for (const Input& input : inputs(513)) {
      const Floats once = decoded(spec, input.x);
      EXPECT_TRUE(same_floats(decoded(spec, once), once)) << element << ' ' << input.name;
    }
  }
}

TEST(Mx, RoundsTiesToTheEvenElement) {
  // The first coordinate makes the scale 1; the others lie half-way between two elements, normal and denormal ones.
  EXPECT_EQ(decoded("mx(element=e4m3)", {256, 1.0625f, 1.1875f, -1.0625f, 17, 19, 0x1p-10f, 3 * 0x1p-10f}),
            (Floats{256, 1, 1.25f, -1, 16, 20, 0, 0x1p-8f}));
  EXPECT_EQ(decoded("mx(element=e5m2)", {32768, 1.125f, 1.375f, -1.125f, 0x1p-17f, 3 * 0x1p-17f}),
            (Floats{32768, 1, 1.5f, -1, 0, 0x1p-15f}));
  EXPECT_EQ(decoded("mx(element=e3m2)", {16, 1.125f, 1.375f, -1.375f, 0x1p-5f, 3 * 0x1p-5f}),
            (Floats{16, 1, 1.5f, -1.5f, 0, 0x1p-3f}));
  EXPECT_EQ(decoded("mx(element=e2m3)", {4, 1.0625f, 1.1875f, 0x1p-4f, 3 * 0x1p-4f}),
            (Floats{4, 1, 1.25f, 0, 0x1p-2f}));
  EXPECT_EQ(decoded("mx(element=e2m1)", {4, 1.25f, 1.75f, 2.5f, -3.5f, 0.25f, 0.75f}), (Floats{4, 1, 2, 2, -4, 0, 1}));
  EXPECT_EQ(decoded("mx", {1, 0x1p-7f, -3 * 0x1p-7f}), (Floats{1, 0, -0x1p-5f}));
}

TEST(Mx, CutsAtTheLargestElement) {
  EXPECT_EQ(decoded("mx(element=e2m1)", {7.9f, -7.9f}), (Floats{6, -6}));
  EXPECT_EQ(decoded("mx(element=e4m3)", {511, 1}), (Floats{448, 1}));
  EXPECT_EQ(decoded("mx(element=e5m2)", {65535, 1}), (Floats{57344, 1}));
  EXPECT_EQ(decoded("mx(element=e3m2)", {31, 1}), (Floats{28, 1}));
  EXPECT_EQ(decoded("mx(element=e2m3)", {7.9f, 1}), (Floats{7.5f, 1}));
  EXPECT_EQ(decoded("mx(element=int8)", {1.9999f, 1}), (Floats{127.0f / 64, 1}));
}

TEST(Mx, RefusesCodesOfInfinityAndNaNAndScalesThatEncodeDoesNotMake) {
  const auto accepts = [](const char* element, const Bytes& bytes) {
    Harness harness(fmt::format("mx(element={})", element));
    Floats y(1);
    return harness.decode_add(bytes, 1.0f, y).ok();
  };
  EXPECT_TRUE(accepts("e4m3", {0x7E, 127}));
  EXPECT_FALSE(accepts("e4m3", {0x7F, 127}));  // NaN
  EXPECT_FALSE(accepts("e4m3", {0xFF, 127}));
  EXPECT_TRUE(accepts("e5m2", {0x7B, 127}));
  EXPECT_FALSE(accepts("e5m2", {0x7C, 127}));  // infinity
  EXPECT_FALSE(accepts("int8", {0x80, 127}));  // -128
  EXPECT_TRUE(accepts("int8", {0x81, 127}));
  EXPECT_FALSE(accepts("int8", {0x3F, 127}));  // below 1: the scale would have been lower
  EXPECT_TRUE(accepts("e4m3", {0x7E, 246}));
  EXPECT_FALSE(accepts("e4m3", {0x7E, 247}));  // 448 times 2^120 is no float
  EXPECT_FALSE(accepts("e4m3", {0x7E, 255}));  // the specification's NaN
  EXPECT_TRUE(accepts("e4m3", {0x38, 1}));     // 1 at the lowest scale, the smallest normal float
  EXPECT_FALSE(accepts("e4m3", {0x37, 1}));
  EXPECT_TRUE(accepts("e4m3", {0, 0}));
  EXPECT_FALSE(accepts("e4m3", {0x80, 0}));
}

/// The name of the refusal, or "" if the bytes are accepted.
std::string refusal_of(const char* spec, const Bytes& bytes, std::size_t d) {
  Harness harness(spec);
  Floats y(d);
  const auto added = harness.decode_add(bytes, 1.0f, y);
  return added.ok() ? "" : std::string(added.refusal().reason);
}

TEST(Fixed, RefusesBitsThatCarryNothing) {
  EXPECT_EQ(refusal_of("fixed(int_bits=3, frac_bits=0)", {0xFF, 0x01}, 3), "");
  EXPECT_EQ(refusal_of("fixed(int_bits=3, frac_bits=0)", {0xFF, 0x03}, 3), "payload_not_canonical");
}

TEST(Wage, RefusesWhatEncodeDoesNotWrite) {
  EXPECT_EQ(refusal_of("wage(bits=4)", {127, 0x97, 0x01}, 3), "");
  EXPECT_EQ(refusal_of("wage(bits=4)", {255, 0x97, 0x01}, 3), "");  // 2^128, whose multiples by 1/8 are floats
  EXPECT_EQ(refusal_of("wage(bits=4)", {4, 0x97, 0x01}, 3), "");
  EXPECT_EQ(refusal_of("wage(bits=4)", {3, 0x97, 0x01}, 3), "payload_scale");
  EXPECT_EQ(refusal_of("wage(bits=4)", {127, 0x87, 0x01}, 3), "payload_code");  // -8
  EXPECT_EQ(refusal_of("wage(bits=4)", {127, 0, 0}, 3), "payload_code");
  EXPECT_EQ(refusal_of("wage(bits=4)", {0, 0, 0}, 3), "");
  EXPECT_EQ(refusal_of("wage(bits=4)", {0, 1, 0}, 3), "payload_code");
  EXPECT_EQ(refusal_of("wage(bits=4)", {127, 0x97, 0x11}, 3), "payload_not_canonical");
}

}  // namespace
}  // namespace parley::compression::test
