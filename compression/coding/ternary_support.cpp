#include "compression/coding/ternary_support.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "compression/kernels/scan.h"

namespace parley::compression {
namespace {

kernels::Tail tail_of(const float* x, std::size_t n, Side side, std::uint32_t least) {
  const auto from = std::bit_cast<float>(least);
  switch (side) {
    case Side::positive:
      return kernels::positives_from(x, n, from);
    case Side::negative:
      return kernels::negatives_from(x, n, from);
    case Side::both:
      break;
  }
  return kernels::magnitudes_from(x, n, from);
}

/// True if every sum of some of n magnitudes between `low` and `largest` is exact in double: they are multiples of the
/// last place of `low`, and less than 2^53 of them.
bool sums_are_exact(std::size_t n, float low, float largest) {
  const int places = static_cast<int>(std::bit_cast<std::uint32_t>(largest) >> 23) -
                     static_cast<int>(std::bit_cast<std::uint32_t>(low) >> 23) + std::numeric_limits<float>::digits;
  return low >= std::numeric_limits<float>::min() &&
         places + static_cast<int>(std::bit_width(n)) <= std::numeric_limits<double>::digits;
}

/// Sorts n positive floats, the largest first, into `to`; `from` is used up.
void sort_descending(float* from, float* to, std::size_t n) {
  constexpr std::size_t kFew = 128;
  if (n <= kFew) {
    std::copy_n(from, n, to);
    std::sort(to, to + n, std::greater<>());
    return;
  }
  // Three passes over digits of the distance to the largest, in the order of which the bits of floats are.
  constexpr int kPasses = 3;
  constexpr std::size_t kMostDigits = std::size_t{1} << 11;
  const auto [least, most] = std::minmax_element(from, from + n);
  const auto largest = std::bit_cast<std::uint32_t>(*most);
  const auto distance = [&](float magnitude) { return largest - std::bit_cast<std::uint32_t>(magnitude); };
  const int width = (static_cast<int>(std::bit_width(distance(*least))) + kPasses - 1) / kPasses;
  const std::uint32_t mask = (std::uint32_t{1} << width) - 1;
  std::array<std::array<std::uint32_t, kMostDigits>, kPasses> counts;
  for (auto& count : counts) std::fill_n(count.begin(), mask + std::size_t{1}, 0u);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t key = distance(from[i]);
    for (int pass = 0; pass < kPasses; ++pass) ++counts[static_cast<std::size_t>(pass)][(key >> (pass * width)) & mask];
  }
  for (int pass = 0; pass < kPasses; ++pass) {
    auto& next = counts[static_cast<std::size_t>(pass)];
    std::uint32_t start = 0;
    for (std::size_t digit = 0; digit <= mask; ++digit) start += std::exchange(next[digit], start);
    for (std::size_t i = 0; i < n; ++i) to[next[(distance(from[i]) >> (pass * width)) & mask]++] = from[i];
    std::swap(from, to);
  }
}

/// `sum` is that of the magnitudes of the support.
Support support_of(std::uint32_t least, double sum, std::size_t count) {
  const auto mean = count == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(count));
  if (mean < std::numeric_limits<float>::min()) return {kNothing, 0};
  return {least, mean};
}

}  // namespace

std::uint32_t least_above(double t) {
  auto least = static_cast<float>(t);
  if (least <= t) least = std::nextafter(least, std::numeric_limits<float>::infinity());
  return std::bit_cast<std::uint32_t>(least);
}

Support support_from(const float* x, std::size_t n, Side side, std::uint32_t least) {
  const kernels::Tail tail = tail_of(x, n, side, least);
  return support_of(least, tail.sum, tail.count);
}

// Leaving out the smallest, a, of k magnitudes of mean m raises c^2/k if a < m/2, and taking in another, a, lowers it
// only if a < m/2. So the optimal support is what reaches half of its own mean. That mean is at least the mean of all,
// hence at least the mean of what reaches half of that, and so on; and it is at most the largest magnitude, hence at
// most the mean of what reaches half of that. What is left between the two bounds is sorted: mostly a few.
Support optimal_support(const float* x, std::size_t n, Side side, SupportState& state) {
  constexpr std::size_t kVector = 16;
  if (state.magnitudes.size() < n + kVector) {
    state.magnitudes.resize(n + kVector);
    state.sorted.resize(n + kVector);
  }
  const kernels::Tail all = tail_of(x, n, side, 1);
  if (all.count == 0) return {kNothing, 0};
  // A little less than half, since sums are rounded.
  const auto least = std::max(std::numeric_limits<float>::denorm_min(),
                              static_cast<float>(0.4999 * all.sum / static_cast<double>(all.count)));
  const auto largest = std::bit_cast<float>(kernels::max_magnitude_bits(x, n));
  kernels::SupportBounds bounds{least, std::numeric_limits<float>::infinity()};
  kernels::Tail tail{0, 0};
  // If sums are rounded, they have to be taken in the order of the magnitudes.
  if (sums_are_exact(n, least, largest)) {
    bounds = kernels::narrow_support(x, n, side, least);
    tail = tail_of(x, n, side, std::bit_cast<std::uint32_t>(bounds.high));
  }
  const std::size_t count = kernels::collect_within(x, n, side, bounds, state.magnitudes.data());
  const float* sorted = state.sorted.data();
  sort_descending(state.magnitudes.data(), state.sorted.data(), count);

  double best = -1;
  kernels::Tail chosen{0, 0};
  auto chosen_least = kNothing;
  const auto consider = [&](float smallest) {
    const double kept = tail.sum * tail.sum / static_cast<double>(tail.count);
    if (kept <= best) return;
    best = kept;
    chosen = tail;
    chosen_least = std::bit_cast<std::uint32_t>(smallest);
  };
  if (tail.count > 0) consider(bounds.high);
  for (std::size_t i = 0; i < count; ++i) {
    tail.sum += static_cast<double>(sorted[i]);
    ++tail.count;
    if (i + 1 == count || sorted[i + 1] != sorted[i]) consider(sorted[i]);
  }
  return support_of(chosen_least, chosen.sum, chosen.count);
}

double optimal_support_delta(std::size_t n) {
  constexpr std::size_t kSummed = 4096;
  double sum = 0;
  for (std::size_t k = 1; k <= std::min(n, kSummed); ++k) {
    const double roots = std::sqrt(static_cast<double>(k)) + std::sqrt(static_cast<double>(k - 1));
    sum += 1 / (roots * roots);
  }
  // Each of the others is below 1 / (4 (k - 1)).
  if (n > kSummed) sum += std::log(static_cast<double>(n - 1) / static_cast<double>(kSummed - 1)) / 4;
  return 1 / std::max(1.0, sum);
}

}  // namespace parley::compression
