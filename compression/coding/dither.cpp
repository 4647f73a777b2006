#include "compression/coding/dither.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "compression/kernels/scan.h"

namespace parley::compression {

double dither_variance(Norm norm, std::size_t length, unsigned s) {
  if (length <= 1) return 0;
  const double n = static_cast<double>(length);
  const double levels = s;
  if (norm == Norm::linf) return (std::sqrt(1 + (n - 1) / (levels * levels)) - 1) / 2;
  return n >= 4 * levels * levels ? std::sqrt(n) / levels - 1 : n / (4 * levels * levels);
}

double norm_of(Norm norm, const float* x, std::size_t n) {
  if (norm == Norm::l2) return std::sqrt(kernels::sum_of_squares(x, n));
  return std::bit_cast<float>(kernels::max_magnitude_bits(x, n));
}

float level_unit(float norm, unsigned s, double shrink) {
  const auto unit = static_cast<float>(norm / (s * (1 + shrink)));
  const bool overflows = static_cast<double>(unit) * s > std::numeric_limits<float>::max();
  return overflows ? std::nextafter(unit, 0.0f) : unit;
}

bool is_negligible(float norm, unsigned s, double shrink) {
  return level_unit(norm, s, shrink) < std::numeric_limits<float>::min();
}

float round_up(double norm) {
  if (norm >= std::numeric_limits<float>::max()) return std::numeric_limits<float>::max();
  const auto nearest = static_cast<float>(norm);
  return nearest < norm ? std::nextafter(nearest, std::numeric_limits<float>::infinity()) : nearest;
}

kernels::LevelGrid level_grid(float norm, unsigned s) {
  // prescale * norm lies in [1, 2). 2^-127, which norms from 2^127 need, is denormal but exact.
  const auto biased = static_cast<int>(std::bit_cast<std::uint32_t>(norm) >> 23);
  const float prescale = std::ldexp(1.0f, 127 - biased);
  const double scaled = static_cast<double>(norm) * prescale;
  auto inverse = static_cast<float>(s / scaled);
  if (inverse * scaled < s) inverse = std::nextafter(inverse, std::numeric_limits<float>::infinity());
  return {.prescale = prescale, .inverse = inverse, .top = static_cast<float>(s)};
}

unsigned level_bits(unsigned s) {
  return static_cast<unsigned>(std::bit_width(2 * s));
}

Properties LevelDither::properties(std::size_t d) const {
  const double omega = dither_variance(norm, std::clamp<std::size_t>(d, 1, bucket), s);
  Properties properties;
  properties.unbiased = !contractive || omega == 0;
  properties.omega = properties.unbiased ? omega : 0;
  properties.delta = contractive ? 1 / (1 + omega) : std::max(0.0, 1 - omega);
  properties.suggested_gamma = std::min(1.0, 2 / (1 + omega));
  return properties;
}

}  // namespace parley::compression
