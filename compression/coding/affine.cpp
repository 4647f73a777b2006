#include "compression/coding/affine.h"

#include <cmath>
#include <limits>

namespace parley::compression {

AffinePoints::AffinePoints(float low, float high, unsigned s, double shrink) {
  const double middle = low / 2.0 + high / 2.0, half = high / 2.0 - low / 2.0;
  base = static_cast<float>(middle / (1 + shrink));
  unit = static_cast<float>(half / (s * (1 + shrink)));
  const auto steps = static_cast<float>(s);
  const auto overflows = [&] {
    const float reach = unit * steps;
    return !std::isfinite(base + reach) || !std::isfinite(base - reach);
  };
  while (overflows()) unit = std::nextafter(unit, 0.0f);
}

bool AffinePoints::is_flat() const {
  return unit < std::numeric_limits<float>::min();
}

kernels::AffineGrid affine_grid(float low, float high, unsigned bits) {
  const unsigned s = affine_steps(bits);
  const double range = static_cast<double>(high) - low;
  // prescale * range lies in [1, 2). Prescales below 2^-126 are denormal but exact.
  const float prescale = std::ldexp(1.0f, -std::ilogb(range));
  const float origin = low * prescale;
  auto inverse = static_cast<float>(s / (range * prescale));
  const float reach = high * prescale - origin;
  while (reach * inverse < static_cast<float>(s)) inverse = std::nextafter(inverse, 2 * inverse);
  return {.prescale = prescale,
          .origin = origin,
          .inverse = inverse,
          .top = static_cast<float>(s),
          .offset = std::int32_t{1} << (bits - 1)};
}

}  // namespace parley::compression
