#include "compression/coding/ternary_support.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

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

/// Bits of a magnitude that the smallest of the optimal support is not below.
///
/// Leaving out the smallest, a, of k coordinates of mean m raises c^2/k if a < m/2, and the mean of fewer is larger: so
/// whatever is below half the mean of all is not in the optimal support, and the argument applies again to the rest. A
/// tenth less than half, since sums are rounded.
std::uint32_t lower_bound(const float* x, std::size_t n, Side side) {
  constexpr int kRounds = 3;
  std::uint32_t least = 1;
  for (int round = 0; round < kRounds; ++round) {
    const kernels::Tail tail = tail_of(x, n, side, least);
    if (tail.count == 0) return least;
    least = std::max(
        least, std::bit_cast<std::uint32_t>(static_cast<float>(0.45 * tail.sum / static_cast<double>(tail.count))));
  }
  return least;
}

/// Appends to the front of `magnitudes`, of room for n + 1, those of the side from `least` on. Returns how many.
std::size_t collect(const float* x, std::size_t n, Side side, std::uint32_t least, std::uint32_t* magnitudes) {
  // A coordinate of the other side has the other sign bit; with both sides there is no such bit.
  const std::uint32_t mask = side == Side::both ? 0x7FFFFFFF : 0xFFFFFFFF;
  const std::uint32_t flip = side == Side::negative ? 0x80000000 : 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t bits = (std::bit_cast<std::uint32_t>(x[i]) & mask) ^ flip;
    magnitudes[count] = bits;
    count += bits >= least && bits < 0x80000000 ? 1 : 0;
  }
  return count;
}

/// Sorts n numbers between `least` and 2^31, the largest first, in three passes; `from` is used up.
void sort_descending(std::uint32_t* from, std::uint32_t* to, std::size_t n, std::uint32_t least) {
  constexpr int kPasses = 3;
  constexpr std::size_t kMostDigits = std::size_t{1} << 11;
  const std::uint32_t largest = *std::max_element(from, from + n);
  const int width = (static_cast<int>(std::bit_width(largest - least)) + kPasses - 1) / kPasses;
  const std::uint32_t mask = (std::uint32_t{1} << width) - 1;
  std::array<std::array<std::uint32_t, kMostDigits>, kPasses> counts;
  for (auto& count : counts) std::fill_n(count.begin(), mask + std::size_t{1}, 0u);
  // What is sorted, upwards, is the distance to the largest.
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t key = largest - from[i];
    for (int pass = 0; pass < kPasses; ++pass) ++counts[static_cast<std::size_t>(pass)][(key >> (pass * width)) & mask];
  }
  for (int pass = 0; pass < kPasses; ++pass) {
    auto& next = counts[static_cast<std::size_t>(pass)];
    std::uint32_t start = 0;
    for (std::size_t digit = 0; digit <= mask; ++digit) start += std::exchange(next[digit], start);
    for (std::size_t i = 0; i < n; ++i) to[next[((largest - from[i]) >> (pass * width)) & mask]++] = from[i];
    std::swap(from, to);
  }
}

}  // namespace

std::uint32_t least_above(double t) {
  auto least = static_cast<float>(t);
  if (least <= t) least = std::nextafter(least, std::numeric_limits<float>::infinity());
  return std::bit_cast<std::uint32_t>(least);
}

Support support_from(const float* x, std::size_t n, Side side, std::uint32_t least) {
  const kernels::Tail tail = tail_of(x, n, side, least);
  if (tail.count == 0) return {kNothing, 0};
  const auto mean = static_cast<float>(tail.sum / static_cast<double>(tail.count));
  if (mean < std::numeric_limits<float>::min()) return {kNothing, 0};
  return {least, mean};
}

Support optimal_support(const float* x, std::size_t n, Side side, SupportState& state) {
  if (state.magnitudes.size() < n + 1) {
    state.magnitudes.resize(n + 1);
    state.sorted.resize(n + 1);
  }
  const std::uint32_t least = lower_bound(x, n, side);
  const std::size_t count = collect(x, n, side, least, state.magnitudes.data());
  if (count == 0) return {kNothing, 0};
  sort_descending(state.magnitudes.data(), state.sorted.data(), count, least);
  const std::uint32_t* sorted = state.sorted.data();  // three passes end there
  double sum = 0, best = -1;
  std::uint32_t chosen = kNothing;
  for (std::size_t k = 1; k <= count; ++k) {
    sum += static_cast<double>(std::bit_cast<float>(sorted[k - 1]));
    const double kept = sum * sum / static_cast<double>(k);
    if (kept <= best || (k < count && sorted[k] == sorted[k - 1])) continue;
    best = kept;
    chosen = sorted[k - 1];
  }
  return support_from(x, n, side, chosen);
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
