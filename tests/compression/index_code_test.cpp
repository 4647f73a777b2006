#include "compression/coding/index_code.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "compression/coding/subset.h"
#include "harness.h"
#include "sparse_reference.h"

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

/// log2 of the number of subsets of k out of d.
double entropy(std::size_t d, std::size_t k) {
  const auto n = static_cast<double>(d), m = static_cast<double>(k);
  return (std::lgamma(n + 1) - std::lgamma(m + 1) - std::lgamma(n - m + 1)) / std::log(2.0);
}

/// Appends k random indices of the d from `first` on.
void append_random(std::uint32_t first, std::size_t d, std::size_t k, std::uint64_t seed, Indices& indices) {
  SubsetDrawer drawer;
  for (const std::uint32_t index : drawer.draw(d, k, test::key_of(seed))) indices.push_back(first + index);
}

double bits_of(const Indices& indices, std::size_t d) {
  return 8.0 * static_cast<double>(encoded(indices, d, indices.size()).size());
}

TEST(IndexCode, IsWithinFivePerCentOfTheEntropyForRandomPlaces) {
  constexpr std::size_t kSize = 1 << 20;
  for (const double density : {1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1,
                               0.15, 0.2,  0.25, 0.3,  0.33, 0.36, 0.38, 0.4,  0.45, 0.5}) {
    const auto k = static_cast<std::size_t>(density * kSize);
    Indices indices;
    append_random(0, kSize, k, 3, indices);
    const double bits = bits_of(indices, kSize);
    EXPECT_LE(bits, 1.05 * entropy(kSize, k)) << density;
    // Codes that depend on the set in nothing but its gaps are no shorter than the entropy of a geometric gap, on
    // average; the sum of k gap codes deviates by at most a few times sqrt(k) bits.
    EXPECT_GE(bits, entropy(kSize, k) - 10 * std::sqrt(static_cast<double>(k))) << density;
    EXPECT_NEAR(bits, expected_index_bits(kSize, k), 0.01 * bits + 16) << density;
  }
}

TEST(IndexCode, FollowsADensityThatChangesFromTensorToTensor) {
  struct Part {
    std::size_t size, kept;
  };
  Indices indices;
  double sum_of_entropies = 0;
  std::uint32_t first = 0;
  for (const auto& [size, kept] : {Part{400000, 1200}, Part{20000, 5000}, Part{100000, 1500}, Part{5000, 1500}}) {
    append_random(first, size, kept, first, indices);
    sum_of_entropies += entropy(size, kept);
    first += static_cast<std::uint32_t>(size);
  }
  const auto bytes = encoded(indices, first, indices.size());
  EXPECT_EQ(bytes[0], std::byte{35});
  EXPECT_LE(8.0 * static_cast<double>(bytes.size()), 1.05 * sum_of_entropies);
  EXPECT_LE(8.0 * static_cast<double>(bytes.size()), 0.85 * entropy(first, indices.size()));
  expect_round_trip(indices, first, indices.size());
}

TEST(IndexCode, IsTheShortestOfAllCodes) {
  // Supports whose gaps are of one scale, of two, and of all scales, against a reference that writes out every code.
  base::Random random(test::key_of(5));
  for (int attempt = 0; attempt < 300; ++attempt) {
    const std::uint32_t near = 1 + random.below(1u << random.below(8)), far = 1 + random.below(1u << random.below(14));
    const std::uint32_t length = 1 + random.below(300);
    Indices indices;
    std::uint32_t next = random.below(far);
    for (std::uint32_t j = 0; j < length; ++j) {
      indices.push_back(next);
      const bool jumps = attempt % 3 == 0 ? false : attempt % 3 == 1 ? j % 50 == 49 : j > length / 2;
      next += 1 + random.below(jumps ? far : near);
    }
    const std::size_t d = next + random.below(far), k = indices.size() + (attempt % 2 == 0 ? 0 : 1);
    const auto bytes = encoded(indices, d, std::min(k, d));
    const auto expected = test::encoded_indices(indices, d, std::min(k, d));
    ASSERT_EQ(bytes.size(), expected.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) ASSERT_EQ(std::to_integer<unsigned>(bytes[i]), expected[i]) << i;
    expect_round_trip(indices, d, std::min(k, d));
  }
}

TEST(IndexCode, WritesFarClustersAsBytes) {
  // Gaps 100, 100, 100, 300000: with b = 7 gap codes take 8 + 8 + 8 + 8 + 2343 bits, with larger b more than ten for
  // each small gap; bytes take 8 + 8 + 8 + 24. 300000 = 96 + 128 * (39 + 128 * 18).
  const Indices indices = {100, 201, 302, 300303};
  EXPECT_EQ(encoded(indices, 1 << 20, 4),
            (std::vector<std::byte>{std::byte{34}, std::byte{100}, std::byte{100}, std::byte{100}, std::byte{0xE0},
                                    std::byte{0xA7}, std::byte{18}}));
  expect_round_trip(indices, 1 << 20, 4);
}

TEST(IndexCode, WritesRunsWithAParameterEach) {
  // 128 gaps of 0, one bit each with b = 0; then 128 gaps of 7, which take four bits with b = 2 and 3: 0 1 11.
  Indices indices;
  for (std::uint32_t j = 0; j < 128; ++j) indices.push_back(j);
  for (std::uint32_t j = 0; j < 128; ++j) indices.push_back(135 + 8 * j);
  std::vector<bool> bits(5, false);
  bits.insert(bits.end(), 128, true);
  bits.insert(bits.end(), {false, true, false, false, false});
  for (int j = 0; j < 128; ++j) bits.insert(bits.end(), {false, true, true, true});
  std::vector<std::byte> expected(1 + (bits.size() + 7) / 8);
  expected[0] = std::byte{35};
  for (std::size_t i = 0; i < bits.size(); ++i)
    if (bits[i]) expected[1 + i / 8] |= std::byte{1} << (i % 8);
  EXPECT_EQ(encoded(indices, 2000, 256), expected);

  // The same with b = 3 in the second run: 1 111.
  bits = std::vector<bool>(5, false);
  bits.insert(bits.end(), 128, true);
  bits.insert(bits.end(), {true, true, false, false, false});
  bits.insert(bits.end(), 512, true);
  std::fill(expected.begin() + 1, expected.end(), std::byte{0});
  for (std::size_t i = 0; i < bits.size(); ++i)
    if (bits[i]) expected[1 + i / 8] |= std::byte{1} << (i % 8);
  Indices out(256);
  const auto refused = decode_indices(expected, 2000, 256, out);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.refusal().reason, "payload_not_canonical");
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
  EXPECT_EQ(reason({std::byte{36}}, 12, 1), "payload_code");
  EXPECT_EQ(reason({std::byte{34}, std::byte{0x83}, std::byte{0}}, 12, 1), "payload_not_canonical");  // 3 in two bytes
  EXPECT_EQ(reason({std::byte{34}, std::byte{0x83}}, 12, 1), "payload_truncated");
  EXPECT_EQ(reason({std::byte{34}, std::byte{13}}, 12, 1), "payload_index");
  EXPECT_EQ(reason({std::byte{33}}, 12, 1), "payload_not_canonical");  // all twelve are not one
  EXPECT_EQ(reason({std::byte{0x80}, std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{3}}, 12, 2),
            "payload_not_canonical");                                                  // as many as agreed, yet counted
  EXPECT_EQ(reason({std::byte{0}, std::byte{0x81}}, 12, 1), "payload_not_canonical");  // padding
}

}  // namespace
}  // namespace parley::compression
