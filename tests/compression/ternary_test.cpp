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

}  // namespace
}  // namespace parley::compression::test
