// Operators that send one bit a coordinate, beyond what every operator promises.
#include <gmock/gmock.h>

#include <algorithm>

#include "harness.h"
#include "reference_parts.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

Floats decoded(const std::string& spec, const Floats& x) {
  Harness harness(spec);
  return harness.decode(harness.encode(x), x.size());
}

/// All inputs of the contract tests whose squares and sums are within the range of float.
std::vector<Input> moderate_inputs(std::size_t d) {
  std::vector<Input> all = inputs(d);
  std::erase_if(all, [](const Input& input) { return input.name.find("argest") != std::string::npos; });
  return all;
}

TEST(Sign, OfATensorIsTheBestSignsAndScaleThatThereAre) {
  // Of all sign vectors s, with the best scale <x, s> / d of each, none is nearer to x (Rastegari et al. 2016).
  for (std::size_t d = 1; d <= 10; ++d) {
    for (const Input& input : moderate_inputs(d)) {
      const Floats& x = input.x;
      double best = squared_norm(x);
      for (unsigned signs = 0; signs < 1u << d; ++signs) {
        double product = 0;
        for (std::size_t i = 0; i < d; ++i) product += (signs >> i & 1) != 0 ? -x[i] : x[i];
        best = std::min(best, squared_norm(x) - product * product / static_cast<double>(d));
      }
      // The scale is rounded to a float: 2^-24 of it, or all of it if it is not a normal one.
      const double slack = 0x1p-40 * squared_norm(x) + static_cast<double>(d) * kSmallestNormal * kSmallestNormal;
      EXPECT_NEAR(squared_distance(decoded("sign(block=tensor)", x), x), best, slack) << input.name << ' ' << d;
    }
  }
}

TEST(Sign, OfTensorsAndRowsIsThatOfEachByItself) {
  base::ParameterLayout layout;
  layout.add("weight", {3, 40});
  layout.add("bias", {3});
  const Floats x = inputs(123)[9].x;
  const auto part = [&](std::size_t start, std::size_t n) {
    return Floats(x.begin() + static_cast<std::ptrdiff_t>(start), x.begin() + static_cast<std::ptrdiff_t>(start + n));
  };
  const auto joined = [&](const char* spec, const std::vector<Floats>& parts) {
    Harness harness(spec);
    Bytes bytes;
    for (const Floats& floats : parts) {
      const Bytes more = harness.encode(floats);
      bytes.insert(bytes.end(), more.begin(), more.end());
    }
    return bytes;
  };
  for (const std::string name : {"sign", "onebit"}) {
    for (const bool rows : {false, true}) {
      const std::string spec = name + (rows ? "(block=row)" : "(block=tensor)");
      const std::vector<Floats> parts = rows ? std::vector{part(0, 40), part(40, 40), part(80, 40), part(120, 3)}
                                             : std::vector{part(0, 120), part(120, 3)};
      const auto compressor = make_compressor(spec, layout);
      const auto state = compressor->make_state();
      Bytes bytes(compressor->max_payload_size(123));
      ASSERT_TRUE(compressor->encode(x, kKey, *state, std::as_writable_bytes(std::span(bytes))).ok());
      EXPECT_TRUE(same_bytes(bytes, joined((name + "(block=tensor)").c_str(), parts))) << spec;
      EXPECT_DOUBLE_EQ(compressor->properties(123).delta, rows ? 1.0 / 40 : 1.0 / 120);
      Floats y(123), expected;
      ASSERT_TRUE(compressor->decode_add(std::as_bytes(std::span(bytes)), kKey, 1.0f, *state, y).ok());
      for (const Floats& floats : parts) {
        const Floats more = decoded(name + "(block=tensor)", floats);
        expected.insert(expected.end(), more.begin(), more.end());
      }
      EXPECT_TRUE(same_floats(y, expected)) << spec;
    }
  }
}

TEST(Signsgd, IsItsScaleWithTheSignOfEveryCoordinate) {
  const Floats x = {3, -1e-30f, 0, -0.0f, 1e30f, -7};
  EXPECT_EQ(decoded("signsgd", x), (Floats{1, -1, 1, 1, 1, -1}));
  EXPECT_EQ(decoded("signsgd(scale=0.25)", x), (Floats{0.25f, -0.25f, 0.25f, 0.25f, 0.25f, -0.25f}));
}

TEST(Signsgd, DrawnAtRandomIsRightOnAverageUpToItsScale) {
  // BinaryConnect: the mean is x cut at +-1, the variance 1 - mean^2.
  const Floats x = {0.5f, -0.25f, 0, 1, -1, 3, -1e30f, 0.99f};
  constexpr int kRuns = 20000;
  Harness harness("signsgd(rounding=stochastic)");
  std::vector<double> sums(x.size());
  for (int run = 0; run < kRuns; ++run) {
    const base::RandomKey key = key_of(static_cast<std::uint64_t>(run));
    const Floats c = harness.decode(harness.encode(x, key), x.size(), key);
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_EQ(std::abs(c[i]), 1);
      sums[i] += c[i];
    }
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double mean = std::clamp(static_cast<double>(x[i]), -1.0, 1.0);
    // Eight standard errors are exceeded with probability 1.3e-15.
    EXPECT_NEAR(sums[i] / kRuns, mean, 8 * std::sqrt((1 - mean * mean) / kRuns)) << i;
  }
}

TEST(Signsgd, IsNamedAsBeforeUnlessItDraws) {
  EXPECT_EQ(Harness("signsgd(rounding=nearest)").compressor->spec(), "signsgd(scale=1)");
  EXPECT_EQ(Harness("signsgd(rounding=stochastic)").compressor->spec(), "signsgd(scale=1, rounding=stochastic)");
  EXPECT_FALSE(Harness("signsgd(rounding=stochastic)").compressor->properties(4).unbiased);
}

TEST(Signsgd, PromisesNothingSinceItsErrorMayExceedTheVector) {
  EXPECT_EQ(Harness("signsgd").compressor->properties(4).delta, 0);
  const Floats x = {0.1f, -0.1f, 0.1f, 0.1f};
  EXPECT_GT(squared_distance(decoded("signsgd", x), x), squared_norm(x));
}

TEST(Onebit, OfColumnsIsThatOfEachColumnByItself) {
  base::ParameterLayout layout;
  layout.add("weight", {7, 2, 5});
  layout.add("bias", {7});
  const Floats x = inputs(77)[9].x;
  const auto compressor = make_compressor("onebit(block=column)", layout);
  const auto state = compressor->make_state();
  Bytes bytes(compressor->max_payload_size(77));
  EXPECT_EQ(bytes.size(), 10u * 8 + 7 * 2 + 8 + 1);
  ASSERT_TRUE(compressor->encode(x, kKey, *state, std::as_writable_bytes(std::span(bytes))).ok());
  EXPECT_DOUBLE_EQ(compressor->properties(77).delta, 1.0 / 7);
  Floats y(77);
  ASSERT_TRUE(compressor->decode_add(std::as_bytes(std::span(bytes)), kKey, 1.0f, *state, y).ok());
  for (std::size_t column = 0; column < 10; ++column) {
    Floats own;
    for (std::size_t i = 0; i < 7; ++i) own.push_back(x[10 * i + column]);
    const Floats expected = decoded("onebit(block=tensor)", own);
    // Sums of a block are taken in another order.
    for (std::size_t i = 0; i < 7; ++i) EXPECT_FLOAT_EQ(y[10 * i + column], expected[i]);
  }
  const Floats bias = decoded("onebit(block=tensor)", Floats(x.begin() + 70, x.end()));
  EXPECT_TRUE(std::equal(bias.begin(), bias.end(), y.begin() + 70));
}

TEST(Onebit, HasTheErrorOfItsClosedForm) {
  for (const std::size_t d : sizes()) {
    for (const Input& input : moderate_inputs(d)) {
      double plus = 0, minus = 0, positives = 0, negatives = 0;
      for (const float v : input.x) (v < 0 ? minus : plus) += v, (v < 0 ? negatives : positives) += 1;
      double expected = squared_norm(input.x);
      if (positives > 0) expected -= plus * plus / positives;
      if (negatives > 0) expected -= minus * minus / negatives;
      const double slack = 0x1p-40 * squared_norm(input.x) + static_cast<double>(d) * kSmallestNormal * kSmallestNormal;
      EXPECT_NEAR(squared_distance(decoded("onebit(block=tensor)", input.x), input.x), expected, slack)
          << input.name << ' ' << d;
    }
  }
}

TEST(Onebit, KeepsTheMeanOfABlockWhichSignDoesNot) {
  for (const std::size_t d : {64u, 513u}) {
    for (const Input& input : moderate_inputs(d)) {
      double before = 0, after = 0, magnitudes = 0;
      for (const float v : input.x) before += v, magnitudes += std::abs(v);
      for (const float v : decoded("onebit(block=tensor)", input.x)) after += v;
      // Each value is rounded once, to a relative 2^-24, or to nothing below the normal floats.
      EXPECT_NEAR(after, before, 0x1p-24 * magnitudes + static_cast<double>(d) * kSmallestNormal)
          << input.name << ' ' << d;
    }
  }
}

TEST(Onebit, IsNeverFurtherFromABlockThanSign) {
  for (const std::size_t d : {1u, 8u, 33u, 513u}) {
    for (const Input& input : moderate_inputs(d)) {
      const double onebit = squared_distance(decoded("onebit(block=tensor)", input.x), input.x);
      const double sign = squared_distance(decoded("sign(block=tensor)", input.x), input.x);
      EXPECT_LE(onebit, sign + 0x1p-40 * squared_norm(input.x)) << input.name << ' ' << d;
    }
  }
}

TEST(Onebit, IsExactForTwoValuesOfEitherSign) {
  Floats x(100, 0.3f);
  for (std::size_t i = 0; i < x.size(); i += 3) x[i] = -1.7f;
  EXPECT_TRUE(same_floats(decoded("onebit(block=tensor)", x), x));
}

/// The name of the refusal, or "" if the bytes are accepted.
std::string refusal_of(const char* spec, const Bytes& bytes, std::size_t d) {
  Harness harness(spec);
  Floats y(d);
  const auto added = harness.decode_add(bytes, 1.0f, y);
  return added.ok() ? "" : std::string(added.refusal().reason);
}

TEST(Signsgd, RefusesWhatEncodeDoesNotWrite) {
  EXPECT_EQ(refusal_of("signsgd", {0x0F}, 3), "");
  EXPECT_EQ(refusal_of("signsgd", {0x07}, 3), "payload_code");  // signs, but of zeros only
  EXPECT_EQ(refusal_of("signsgd", {0x1F}, 3), "payload_not_canonical");
  EXPECT_EQ(refusal_of("signsgd", {0xFF, 0x01}, 8), "");
  EXPECT_EQ(refusal_of("signsgd", {0xFF, 0x00}, 8), "payload_code");
  EXPECT_EQ(refusal_of("signsgd", {0xFF, 0x03}, 8), "payload_not_canonical");
}

TEST(Onebit, RefusesWhatEncodeDoesNotWrite) {
  EXPECT_EQ(refusal_of("onebit", {0, 0, 0x80, 0x3F, 0, 0, 0x80, 0xBF, 0x05}, 3), "");
  EXPECT_EQ(refusal_of("onebit", {0, 0, 0x80, 0x3F, 0, 0, 0, 0, 0x05}, 3), "");  // the negative ones are denormal
  EXPECT_EQ(refusal_of("onebit", {0, 0, 0x80, 0x3F, 0, 0, 0x80, 0xBF, 0x00}, 3), "payload_code");  // none is negative
  EXPECT_EQ(refusal_of("onebit", {0, 0, 0x80, 0x3F, 0, 0, 0x80, 0xBF, 0x07}, 3), "payload_code");  // all are
  EXPECT_EQ(refusal_of("onebit", {0, 0, 0, 0, 0, 0, 0, 0, 0x01}, 3), "payload_code");
  EXPECT_EQ(refusal_of("onebit", {0, 0, 0x80, 0x3F, 0, 0, 0x80, 0xBF, 0x0D}, 3), "payload_not_canonical");
  EXPECT_EQ(refusal_of("onebit", {0, 0, 0x80, 0xBF, 0, 0, 0x80, 0xBF, 0x05}, 3), "payload_scale");
  EXPECT_EQ(refusal_of("onebit", {0, 0, 0x80, 0x3F, 0, 0, 0x80, 0x3F, 0x05}, 3), "payload_scale");
  EXPECT_EQ(refusal_of("onebit", {0, 0, 0x80, 0x7F, 0, 0, 0x80, 0xBF, 0x05}, 3), "payload_scale");
  EXPECT_EQ(refusal_of("onebit", {0, 0, 0, 0x80, 0, 0, 0x80, 0xBF, 0x05}, 3), "payload_scale");  // -0
}

}  // namespace
}  // namespace parley::compression::test
