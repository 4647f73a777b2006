#include "compression/kernels/scan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace parley::compression::kernels {
namespace {

constexpr std::size_t kLanes = 16;

template <class Term>
double fixed_order_sum(const float* x, std::size_t n, Term term) {
  std::array<double, kLanes> lanes{};
  for (std::size_t i = 0; i < n; ++i) lanes[i % kLanes] += term(static_cast<double>(x[i]));
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

}  // namespace

std::uint32_t max_magnitude_bits(const float* x, std::size_t n) {
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::bit_cast<std::uint32_t>(x[i]) & 0x7FFFFFFFu);
  return largest;
}

bool all_finite(const float* x, std::size_t n) {
  return max_magnitude_bits(x, n) < kInfinityBits;
}

double sum_of_magnitudes(const float* x, std::size_t n) {
  return fixed_order_sum(x, n, [](double v) { return std::abs(v); });
}

double sum_of_squares(const float* x, std::size_t n) {
  return fixed_order_sum(x, n, [](double v) { return v * v; });
}

}  // namespace parley::compression::kernels
