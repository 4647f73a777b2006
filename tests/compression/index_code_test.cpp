#include "compression/coding/index_code.h"

#include <gtest/gtest.h>

#include <set>

#include "harness.h"

namespace parley::compression {
namespace {

using Indices = std::vector<std::uint32_t>;

std::vector<std::byte> encoded(const Indices& indices, std::size_t d, std::size_t k) {
  std::vector<std::byte> bytes(max_indices_size(d, k));
  bytes.resize(encode_indices(indices, d, k, bytes.data()));
  return bytes;
}

void expect_round_trip(const Indices& indices, std::size_t d, std::size_t k) {
  const auto bytes = encoded(indices, d, k);
  ASSERT_LE(bytes.size(), max_indices_size(d, k));
  Indices decoded(k);
  const auto result = decode_indices(bytes, d, k, decoded);
  ASSERT_TRUE(result.ok()) << result.refusal().detail;
  EXPECT_EQ(result->bytes, bytes.size());
  decoded.resize(result->count);
  EXPECT_EQ(decoded, indices);
}

TEST(IndexCode, RoundTripsEverySubsetOfNine) {
  constexpr std::size_t kSize = 9;
  for (unsigned set = 0; set < (1u << kSize); ++set) {
    Indices indices;
    for (std::uint32_t i = 0; i < kSize; ++i)
      if (((set >> i) & 1) != 0) indices.push_back(i);
    for (std::size_t k = indices.size(); k <= kSize; ++k) expect_round_trip(indices, kSize, k);
  }
}

TEST(IndexCode, RoundTripsTheEndsOfTheLargestRange) {
  constexpr std::size_t kLargest = 0xFFFFFFFF;
  expect_round_trip({}, kLargest, 3);
  expect_round_trip({0}, kLargest, 1);
  expect_round_trip({0xFFFFFFFE}, kLargest, 1);
  expect_round_trip({0, 0xFFFFFFFE}, kLargest, 2);
  expect_round_trip({0xFFFFFFFC, 0xFFFFFFFD, 0xFFFFFFFE}, kLargest, 3);
}

TEST(IndexCode, RoundTripsRunsAndClusters) {
  Indices run;
  for (std::uint32_t i = 5000; i < 9000; ++i) run.push_back(i);
  expect_round_trip(run, 100000, 4000);
  Indices clusters;
  for (std::uint32_t start = 7; start < 1000000; start += 50021)
    for (std::uint32_t i = 0; i < 40; ++i) clusters.push_back(start + 2 * i);
  expect_round_trip(clusters, 1 << 20, clusters.size());
}

TEST(IndexCode, IsWithinThreePerCentOfTheEntropyForRandomPlaces) {
  constexpr std::size_t kSize = 1 << 20;
  for (const double density : {1e-3, 1e-2, 0.1, 0.3}) {
    base::Random random(test::key_of(3));
    Indices indices;
    for (std::uint32_t i = 0; i < kSize; ++i)
      if (random.uniform_double() < density) indices.push_back(i);
    const auto k = static_cast<double>(indices.size());
    const double p = k / kSize;
    const double entropy = kSize * (-p * std::log2(p) - (1 - p) * std::log2(1 - p));
    const double bits = 8.0 * static_cast<double>(encoded(indices, kSize, indices.size()).size());
    EXPECT_GE(bits, entropy * 0.99) << density;  // 1 %: the entropy of the empirical density is not that of the set
    EXPECT_LE(bits, entropy * 1.03) << density;
    EXPECT_NEAR(bits, expected_index_bits(kSize, indices.size()), 0.01 * bits) << density;
  }
}

TEST(IndexCode, RefusesEveryCodeButTheShortest) {
  // {3, 4, 9} of 16: packed takes 12 bits. Gaps 3, 0, 4: b = 0 takes 10, b = 1 takes 3 * 2 + 1 + 0 + 2 = 9,
  // b = 2 takes 9 + 0 + 0 + 1 = 10.
  const Indices indices = {3, 4, 9};
  const auto bytes = encoded(indices, 16, 3);
  ASSERT_EQ(bytes[0], std::byte{1});
  Indices out(3);
  // The same set in gaps with b = 0: 0001 1 00001, least significant bit first: bits 3, 4 and 9.
  const std::vector<std::byte> unary = {std::byte{0}, std::byte{0x18}, std::byte{0x02}};
  const auto refused = decode_indices(unary, 16, 3, out);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.refusal().reason, "payload_not_canonical");
  // And packed: 3, 4 and 9 in four bits each.
  const std::vector<std::byte> packed = {std::byte{32}, std::byte{0x43}, std::byte{0x09}};
  EXPECT_FALSE(decode_indices(packed, 16, 3, out).ok());
}

TEST(IndexCode, RefusesIndicesOutOfOrderOrRange) {
  Indices out(2);
  const auto reason = [&](std::vector<std::byte> bytes, std::size_t d, std::size_t k) -> std::string {
    const auto result = decode_indices(bytes, d, k, out);
    return result.ok() ? "accepted" : std::string(result.refusal().reason);
  };
  EXPECT_EQ(reason({std::byte{32}, std::byte{0x33}}, 16, 2), "payload_index");               // 3 twice
  EXPECT_EQ(reason({std::byte{32}, std::byte{0x24}}, 16, 2), "payload_index");               // 4, 2
  EXPECT_EQ(reason({std::byte{32}, std::byte{0xF1}}, 12, 2), "payload_index");               // 15 of 12
  EXPECT_EQ(reason({std::byte{0}, std::byte{0}, std::byte{0x10}}, 12, 1), "payload_index");  // 12 of 12
  EXPECT_EQ(reason({std::byte{0}, std::byte{0}}, 12, 1), "payload_truncated");
  EXPECT_EQ(reason({}, 12, 1), "payload_truncated");
  EXPECT_EQ(reason({std::byte{34}}, 12, 1), "payload_code");
  EXPECT_EQ(reason({std::byte{33}}, 12, 1), "payload_not_canonical");  // all twelve are not one
  EXPECT_EQ(reason({std::byte{0x80}, std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{3}}, 12, 2),
            "payload_not_canonical");                                                  // as many as agreed, yet counted
  EXPECT_EQ(reason({std::byte{0}, std::byte{0x81}}, 12, 1), "payload_not_canonical");  // padding
}

}  // namespace
}  // namespace parley::compression
