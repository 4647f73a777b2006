#include "compression/coding/subset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "harness.h"

namespace parley::compression {
namespace {

std::vector<std::uint32_t> drawn(std::size_t d, std::size_t k, std::uint64_t seed) {
  SubsetDrawer drawer;
  const auto indices = drawer.draw(d, k, test::key_of(seed));
  return {indices.begin(), indices.end()};
}

TEST(RandomSubset, IsAscendingAndOfTheWantedSize) {
  for (const std::size_t d : {1u, 2u, 63u, 64u, 65u, 1000u}) {
    for (std::size_t k = 0; k <= d; k += std::max<std::size_t>(1, d / 9)) {
      const auto indices = drawn(d, k, k);
      ASSERT_EQ(indices.size(), k);
      EXPECT_TRUE(std::is_sorted(indices.begin(), indices.end(), std::less_equal<>())) << d << ' ' << k;
      EXPECT_TRUE(indices.empty() || indices.back() < d);
    }
  }
}

TEST(RandomSubset, IsEverySubsetEquallyOften) {
  // Each of the C(6, k) subsets has a count that is binomial; ten deviations are exceeded with probability 1e-22.
  for (const std::size_t k : {1u, 2u, 3u, 4u, 5u}) {
    constexpr std::size_t kRuns = 20000;
    std::map<std::vector<std::uint32_t>, std::size_t> counts;
    SubsetDrawer drawer;
    for (std::size_t run = 0; run < kRuns; ++run) {
      const auto indices = drawer.draw(6, k, test::key_of(run));
      ++counts[{indices.begin(), indices.end()}];
    }
    const double chosen = static_cast<double>(k);
    const double subsets = std::round(std::tgamma(7.0) / (std::tgamma(chosen + 1) * std::tgamma(7 - chosen)));
    EXPECT_EQ(static_cast<double>(counts.size()), subsets);
    const double mean = kRuns / subsets;
    for (const auto& [subset, count] : counts) EXPECT_NEAR(static_cast<double>(count), mean, 10 * std::sqrt(mean)) << k;
  }
}

TEST(RandomSubset, IsTheOneOfThePublishedFormat) {
  // Word i of the stream becomes floor(word * d / 2^32), repeated ones are skipped: worked out from the generator
  // alone.
  constexpr std::size_t kSize = 1000, kKept = 5;
  std::vector<std::uint32_t> expected;
  for (std::uint32_t l = 0; expected.size() < kKept; ++l) {
    const std::uint64_t product = std::uint64_t{base::random_block(test::key_of(42), l)[0]} * kSize;
    ASSERT_GE(product & 0xFFFFFFFF, (std::uint64_t{1} << 32) % kSize);
    const auto index = static_cast<std::uint32_t>(product >> 32);
    if (std::count(expected.begin(), expected.end(), index) == 0) expected.push_back(index);
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(drawn(kSize, kKept, 42), expected);
}

}  // namespace
}  // namespace parley::compression
