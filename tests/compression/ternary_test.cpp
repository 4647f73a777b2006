// Operators whose levels are -1, 0 and 1, beyond what every operator promises.
#include <gmock/gmock.h>

#include <algorithm>

#include "compression/kernels/trits.h"
#include "harness.h"
#include "reference_parts.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

TEST(Trits, AreTheLevelsInTheirOrderWhateverTheirNumber) {
  base::Random random(kKey);
  for (std::size_t n = 1; n < 1000; ++n) {
    Floats levels(n), y(n, 8.0f), expected(n, 8.0f);
    for (std::size_t i = 0; i < n; ++i) {
      levels[i] = static_cast<float>(random.below(3)) - 1;
      expected[i] += levels[i] == 1 ? 0.5f : levels[i] == -1 ? -3.0f : 0.0f;
    }
    std::vector<std::byte> bytes(kernels::trit_bytes(n) + 1, std::byte{0xA5});
    const auto one = std::bit_cast<std::uint32_t>(1.0f);
    kernels::threshold_trits(levels.data(), n, {one, one}, bytes.data());
    EXPECT_EQ(bytes.back(), std::byte{0xA5}) << n;
    EXPECT_TRUE(kernels::trits_are_valid(bytes.data(), n)) << n;
    kernels::add_trits(bytes.data(), n, 0.5f, -3.0f, y.data());
    ASSERT_EQ(y, expected) << n;
  }
}

TEST(Trits, AreValidIfAndOnlyIfTheyPackToTheSameBytes) {
  for (const std::size_t n : {1u, 2u, 3u, 4u, 5u}) {
    for (unsigned code = 0; code < 256; ++code) {
      const auto byte = static_cast<std::byte>(code);
      unsigned codes = 1;
      for (std::size_t i = 0; i < n; ++i) codes *= 3;
      EXPECT_EQ(kernels::trits_are_valid(&byte, n), code < codes) << n << ' ' << code;
    }
  }
  // Six levels take two bytes; the digits of levels 6 to 9 are the upper ones of both.
  for (unsigned low = 0; low < 27; ++low) {
    for (unsigned high = 0; high < 27; ++high) {
      const std::byte bytes[2] = {static_cast<std::byte>(low), static_cast<std::byte>(high)};
      EXPECT_TRUE(kernels::trits_are_valid(bytes, 6));
      const std::byte beyond[2] = {bytes[0], static_cast<std::byte>(high + 27)};
      EXPECT_FALSE(kernels::trits_are_valid(beyond, 6));
    }
  }
}

TEST(Terngrad, WithoutClippingDecodesToWhatQsgdOfOneLevelDoes) {
  for (const char* arguments : {"bucket=640", "bucket=100, scaling=unbiased", "bucket=64"}) {
    Harness terngrad(fmt::format("terngrad(clip=none, {})", arguments));
    Harness qsgd(fmt::format("qsgd(bits=2, {})", arguments));
    for (const std::size_t d : sizes()) {
      for (const Input& input : inputs(d))
        EXPECT_TRUE(same_floats(terngrad.decode(terngrad.encode(input.x), d), qsgd.decode(qsgd.encode(input.x), d)))
            << arguments << ' ' << input.name << ' ' << d;
    }
  }
}

TEST(Terngrad, ClipsWhatExceedsTheLimitAndNothingElse) {
  // One coordinate of 100 among 99 of magnitude 1: the root mean square is sqrt(100.99), 2.5 of them 25.12...
  Floats x(100, 1.0f);
  x[7] = 100;
  Harness clipped("terngrad(bucket=100, scaling=unbiased)"), whole("terngrad(bucket=100, scaling=unbiased, clip=none)");
  EXPECT_NEAR(float_at(clipped.encode(x), 0), 2.5 * std::sqrt(100.99), 1e-5);
  EXPECT_EQ(float_at(whole.encode(x), 0), 100);
  // sqrt(100) deviations are never exceeded.
  Harness loose("terngrad(bucket=100, scaling=unbiased, clip=10)");
  EXPECT_TRUE(loose.compressor->properties(100).unbiased);
  EXPECT_FALSE(clipped.compressor->properties(100).unbiased);
  for (const Input& input : inputs(100)) EXPECT_TRUE(same_bytes(loose.encode(input.x), whole.encode(input.x)));
}

TEST(Terngrad, OfATensorHasTheScaleOfThatTensor) {
  base::ParameterLayout layout;
  layout.add("a", {3, 4});
  layout.add("b", {5});
  const auto compressor = make_compressor("terngrad(bucket=tensor, clip=none)", layout);
  const auto state = compressor->make_state();
  Floats x(17, 0.25f);
  x[3] = -3;
  x[14] = 7;
  Bytes bytes(compressor->max_payload_size(17));
  ASSERT_EQ(bytes.size(), 4u + 3 + 4 + 1);
  ASSERT_TRUE(compressor->encode(x, kKey, *state, std::as_writable_bytes(std::span(bytes))).ok());
  EXPECT_EQ(float_at(bytes, 0), 3);
  EXPECT_EQ(float_at(bytes, 7), 7);
  Floats y(17);
  ASSERT_TRUE(compressor->decode_add(std::as_bytes(std::span(bytes)), kKey, 1.0f, *state, y).ok());
  // Divided by 1 + omega = (1 + sqrt(len)) / 2.
  EXPECT_FLOAT_EQ(y[3], static_cast<float>(-3 / ((1 + std::sqrt(12.0)) / 2)));
  EXPECT_FLOAT_EQ(y[14], static_cast<float>(7 / ((1 + std::sqrt(5.0)) / 2)));
}

TEST(Terngrad, TakesEightFifthsOfABitAndItsScales) {
  EXPECT_DOUBLE_EQ(Harness("terngrad(bucket=tensor)").compressor->properties(1'000'000).bits_per_coordinate,
                   1.6 + 32e-6);
}

Floats decoded(const std::string& spec, const Floats& x) {
  Harness harness(spec);
  return harness.decode(harness.encode(x), x.size());
}

/// What the roundings of a value to a float, or to nothing below the normal floats, may change of a squared error.
double slack(const Floats& x) {
  return 0x1p-40 * squared_norm(x) + static_cast<double>(x.size()) * kSmallestNormal * kSmallestNormal;
}

TEST(Twn, IsTheBestOfAllTernaryVectorsAndScales) {
  for (std::size_t d = 1; d <= 8; ++d) {
    for (const Input& input : inputs(d)) {
      if (input.name.find("argest") != std::string::npos) continue;  // squares beyond the exactness of the sums here
      const Floats& x = input.x;
      std::size_t vectors = 1;
      for (std::size_t i = 0; i < d; ++i) vectors *= 3;
      double best = squared_norm(x);
      for (std::size_t v = 1; v < vectors; ++v) {
        double product = 0, support = 0;
        std::size_t digits = v;
        for (std::size_t i = 0; i < d; ++i, digits /= 3) {
          const int level = static_cast<int>(digits % 3) - 1;
          product += level * static_cast<double>(x[i]);
          support += level * level;
        }
        if (support > 0) best = std::min(best, squared_norm(x) - product * product / support);
      }
      EXPECT_NEAR(squared_distance(decoded("twn(block=tensor)", x), x), best, slack(x)) << input.name << ' ' << d;
    }
  }
}

TEST(Twn, IsNoFurtherThanItsRuleOrSignOrTheLargestCoordinate) {
  for (const std::size_t d : {7u, 64u, 513u, 4099u}) {
    for (const Input& input : inputs(d)) {
      const double error = squared_distance(decoded("twn(block=tensor)", input.x), input.x);
      for (const char* other :
           {"twn(threshold=0.7, block=tensor)", "twn(threshold=0, block=tensor)", "sign(block=tensor)", "topk(k=1)"})
        EXPECT_LE(error, squared_distance(decoded(other, input.x), input.x) + slack(input.x))
            << other << ' ' << input.name << ' ' << d;
    }
  }
}

TEST(Twn, ReachesItsGuaranteeOnTheVectorThatIsWorst) {
  // Of x_k = sqrt(k) - sqrt(k-1) every support keeps as much: c_k^2/k = 1.
  for (const std::size_t d : {1u, 2u, 10u, 640u, 5000u}) {
    Floats x(d);
    for (std::size_t k = 1; k <= d; ++k)
      x[k - 1] = static_cast<float>(std::sqrt(static_cast<double>(k)) - std::sqrt(static_cast<double>(k) - 1)) *
                 (k % 3 == 0 ? -1.0f : 1.0f);
    const double kept = 1 - squared_distance(decoded("twn(block=tensor)", x), x) / squared_norm(x);
    const double delta = Harness("twn(block=tensor)").compressor->properties(d).delta;
    EXPECT_GE(kept, delta - 1e-6) << d;
    EXPECT_LE(kept, delta * 1.0001) << d;
  }
}

TEST(Twn, HasTheErrorsOfItsTableOnGaussianFloats) {
  // Relative errors on the normal distribution: 0.1904 at the optimum, 0.1919 by the rule. The sample is within 1 %.
  constexpr std::size_t kSize = 1 << 20;
  Floats x(kSize);
  base::Random random(key_of(3));
  for (float& v : x) v = static_cast<float>(random.normal());
  const auto error = [&](const char* spec) { return squared_distance(decoded(spec, x), x) / squared_norm(x); };
  EXPECT_NEAR(error("twn(block=tensor)"), 0.1904, 0.0019);
  EXPECT_NEAR(error("twn(threshold=0.7, block=tensor)"), 0.1919, 0.0019);
}

TEST(Ttq, WithEqualSidesIsTwn) {
  // Every magnitude on both sides, so that the two means are one.
  Floats x;
  for (int i = 1; i <= 200; ++i) {
    x.push_back(static_cast<float>(i * i));
    x.push_back(static_cast<float>(-i * i));
  }
  EXPECT_TRUE(same_floats(decoded("ttq(threshold=optimal, block=tensor)", x), decoded("twn(block=tensor)", x)));
  // 0.25 of the largest is 10000, and 0.7446 of the mean, 13433.5, is 10002.6: both lie between 100^2 and 101^2.
  EXPECT_TRUE(
      same_floats(decoded("ttq(threshold=0.25, block=tensor)", x), decoded("twn(threshold=0.7446, block=tensor)", x)));
}

TEST(Ttq, IsTheBestOfAllPairsOfThresholds) {
  for (const std::size_t d : {5u, 12u}) {
    for (const Input& input : inputs(d)) {
      if (input.name.find("argest") != std::string::npos) continue;
      const Floats& x = input.x;
      double best = squared_norm(x);
      for (const float plus : x) {
        for (const float minus : x) {
          double sums[2] = {}, counts[2] = {};
          for (const float v : x) {
            const int side = v < 0 ? 1 : 0;
            if (v == 0 || std::abs(v) < std::abs(side == 0 ? plus : minus)) continue;
            sums[side] += std::abs(static_cast<double>(v));
            counts[side] += 1;
          }
          double error = squared_norm(x);
          for (const int side : {0, 1}) error -= counts[side] > 0 ? sums[side] * sums[side] / counts[side] : 0;
          best = std::min(best, error);
        }
      }
      EXPECT_LE(squared_distance(decoded("ttq(threshold=optimal, block=tensor)", x), x), best + slack(x))
          << input.name << ' ' << d;
    }
  }
}

TEST(Ttq, SendsFewerCoordinatesTheHigherItsThreshold) {
  const Floats x = inputs(4099)[0].x;
  std::size_t before = x.size() + 1;
  for (const char* threshold : {"0", "0.05", "0.2", "0.5", "0.9"}) {
    const Floats c = decoded(fmt::format("ttq(threshold={}, block=tensor)", threshold), x);
    const auto kept = static_cast<std::size_t>(std::count_if(c.begin(), c.end(), [](float v) { return v != 0; }));
    EXPECT_LT(kept, before) << threshold;
    before = kept;
  }
}

/// The name of the refusal, or "" if the bytes are accepted.
std::string refusal_of(const char* spec, const Bytes& bytes, std::size_t d) {
  Harness harness(spec);
  Floats y(d);
  const auto added = harness.decode_add(bytes, 1.0f, y);
  return added.ok() ? "" : std::string(added.refusal().reason);
}

TEST(Terngrad, RefusesWhatEncodeDoesNotWrite) {
  const char* spec = "terngrad(bucket=8)";
  EXPECT_EQ(refusal_of(spec, {0, 0, 0x80, 0x3F, 242}, 5), "");
  EXPECT_EQ(refusal_of(spec, {0, 0, 0x80, 0x3F, 243}, 5), "payload_code");
  EXPECT_EQ(refusal_of(spec, {0, 0, 0x80, 0x3F, 81}, 4), "payload_code");  // a fifth level of four
  EXPECT_EQ(refusal_of(spec, {0, 0, 0, 0, 1}, 5), "payload_code");         // levels of no scale
  EXPECT_EQ(refusal_of(spec, {0, 0, 0x80, 0xBF, 1}, 5), "payload_scale");  // -1
  EXPECT_EQ(refusal_of(spec, {0, 0, 0x80, 0x7F, 1}, 5), "payload_scale");  // infinity
  EXPECT_EQ(refusal_of(spec, {0, 0, 0x80, 0x00, 1}, 5), "payload_scale");  // too small once divided by 1 + omega
  EXPECT_EQ(refusal_of("terngrad(bucket=8, scaling=unbiased)", {0, 0, 0x80, 0x00, 1}, 5), "");
}

TEST(Twn, RefusesWhatEncodeDoesNotWrite) {
  EXPECT_EQ(refusal_of("twn", {0, 0, 0x80, 0x3F, 242}, 5), "");
  EXPECT_EQ(refusal_of("twn", {0, 0, 0x80, 0x3F, 243}, 5), "payload_code");
  EXPECT_EQ(refusal_of("twn", {0, 0, 0x80, 0x3F, 0}, 5), "payload_code");  // a scale that no coordinate has
  EXPECT_EQ(refusal_of("twn", {0, 0, 0, 0, 1}, 5), "payload_code");
  EXPECT_EQ(refusal_of("twn", {0, 0, 0x80, 0xBF, 1}, 5), "payload_scale");
  EXPECT_EQ(refusal_of("twn", {0xFF, 0xFF, 0x7F, 0x00, 1}, 5), "payload_scale");  // denormal
}

TEST(Ttq, RefusesWhatEncodeDoesNotWrite) {
  EXPECT_EQ(refusal_of("ttq", {0, 0, 0x80, 0x3F, 0, 0, 0x80, 0x3F, 1 + 3 * 2}, 5), "");
  EXPECT_EQ(refusal_of("ttq", {0, 0, 0x80, 0x3F, 0, 0, 0, 0, 1}, 5), "");
  EXPECT_EQ(refusal_of("ttq", {0, 0, 0x80, 0x3F, 0, 0, 0x80, 0x3F, 1}, 5), "payload_code");  // none is negative
  EXPECT_EQ(refusal_of("ttq", {0, 0, 0x80, 0x3F, 0, 0, 0, 0, 1 + 3 * 2}, 5), "payload_code");
  EXPECT_EQ(refusal_of("ttq", {0, 0, 0x80, 0x3F, 0, 0, 0x80, 0xBF, 1 + 3 * 2}, 5), "payload_scale");
  // Across whole groups and the rest: one level of 1 in either makes the difference.
  for (const std::size_t at : {0u, 63u, 64u, 127u, 128u, 139u}) {
    Bytes bytes(8 + 140);
    bytes[3] = 0x3F;
    bytes[2] = 0x80;
    EXPECT_EQ(refusal_of("ttq(block=tensor)", bytes, 700), "payload_code");
    bytes[8 + at] = 27;
    EXPECT_EQ(refusal_of("ttq(block=tensor)", bytes, 700), "") << at;
    bytes[8 + at] = 2 * 27;
    EXPECT_EQ(refusal_of("ttq(block=tensor)", bytes, 700), "payload_code") << at;
  }
}

}  // namespace
}  // namespace parley::compression::test
