#include "compression/coding/largest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/random.h"
#include "harness.h"
#include "subjects.h"

namespace parley::compression {
namespace {

using Indices = std::vector<std::uint32_t>;

Indices by_sorting(const test::Floats& x, std::size_t k) {
  Indices order(x.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return std::abs(x[a]) > std::abs(x[b]); });
  order.resize(k);
  std::erase_if(order, [&](std::uint32_t i) { return x[i] == 0; });
  std::sort(order.begin(), order.end());
  return order;
}

void expect_as_by_sorting(const test::Floats& x, std::size_t k) {
  LargestFinder finder;
  const auto count = finder.find(x, k);
  ASSERT_TRUE(count.has_value());
  const auto indices = finder.indices(*count);
  const auto values = finder.values(*count);
  ASSERT_EQ(Indices(indices.begin(), indices.end()), by_sorting(x, k));
  for (std::size_t j = 0; j < *count; ++j) ASSERT_EQ(values[j], x[indices[j]]);
}

TEST(LargestFinder, FindsWhatSortingFinds) {
  // 100,000 coordinates take the sampled guess, and those whose magnitudes are mostly equal the radix search.
  for (const std::size_t d : {1u, 17u, 1024u, 1025u, 30000u, 100000u}) {
    for (const test::Input& input : test::inputs(d)) {
      for (const std::size_t k : {std::size_t{1}, d / 1000 + 1, d / 100 + 1, d / 10 + 1, d / 2 + 1, d}) {
        SCOPED_TRACE(testing::Message() << input.name << ", d = " << d << ", k = " << k);
        expect_as_by_sorting(input.x, std::min(k, d));
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(LargestFinder, FindsWhatItsSampleDidNotSee) {
  // A dense cluster of large values among small ones, far more than any sample of the rest suggests, and the reverse.
  constexpr std::size_t kSize = 200000;
  test::Floats x(kSize, 1e-3f);
  for (std::size_t i = 0; i < 5000; ++i) x[i * 7 % 40000] = static_cast<float>(i + 1);
  for (const std::size_t k : {10u, 4999u, 5000u, 5001u, 20000u}) expect_as_by_sorting(x, k);
  std::fill(x.begin(), x.end(), 1.0f);
  x[kSize - 1] = 2.0f;
  for (const std::size_t k : {1u, 2u, 100u}) expect_as_by_sorting(x, k);
}

TEST(LargestFinder, FindsWhatSortingFindsWhateverItFoundBefore) {
  // One finder for vectors that are like the last, much smaller, much larger, mostly equal, zero and of another size.
  constexpr std::size_t kSize = 50000;
  LargestFinder finder;
  base::Random random({.seed = 3, .stream = base::Stream::test});
  for (int call = 0; call < 60; ++call) {
    test::Floats x(call % 13 == 12 ? kSize / 2 : kSize);
    const double scale = std::pow(10.0, call % 7 == 6 ? random.normal() * 8 : random.normal() * 0.02);
    for (float& value : x) value = static_cast<float>(scale * random.normal());
    if (call % 11 == 10) std::fill(x.begin() + 20, x.end(), 0.5f);
    if (call % 17 == 16) std::fill(x.begin() + 30, x.end(), 0.0f);
    const std::size_t k = call % 19 == 18 ? 5000 : 500;
    const auto count = finder.find(x, k);
    ASSERT_TRUE(count.has_value());
    const auto indices = finder.indices(*count);
    ASSERT_EQ(Indices(indices.begin(), indices.end()), by_sorting(x, k)) << "call " << call;
  }
}

TEST(LargestFinder, SeesWhatIsNotFiniteAfterItsRoomIsFull) {
  test::Floats x(200000, 1.0f);
  x.back() = std::numeric_limits<float>::quiet_NaN();
  LargestFinder finder;
  EXPECT_FALSE(finder.find(x, 10).has_value());
}

}  // namespace
}  // namespace parley::compression
