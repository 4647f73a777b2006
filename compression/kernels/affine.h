// Levels between the smallest and the largest of a bucket, rather than of either sign of a norm.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"

namespace parley::compression::kernels {

struct Range {
  float low, high;  ///< never -0; unspecified if x is not finite
  bool finite;
};

/// The extremes of n > 0 coordinates.
Range range_of(const float* x, std::size_t n);

/// How x becomes a number of levels: r = min(max(x * prescale - origin, 0) * inverse, top), each operation rounded.
struct AffineGrid {
  float prescale;       ///< a power of two that keeps the others within the range of float
  float origin;         ///< of the smallest x, times prescale
  float inverse;        ///< levels for a unit of x * prescale
  float top;            ///< the largest level, at most 65535
  std::int32_t offset;  ///< of the codes: level - offset fits 16 bits
};

/// levels[i] = floor(r_i) + (u_i < r_i - floor(r_i)) - offset, with u_i as in levels.h. Writes ceil(n / 64) * 64
/// levels; those past n are zero.
void quantise_affine(const float* x, std::size_t n, const AffineGrid& grid, const base::PhiloxInput& key,
                     std::uint32_t first_block, std::int16_t* levels);

/// The same with u_i = 1/2: to the nearest level, and from half-way to the lower one.
void round_affine(const float* x, std::size_t n, const AffineGrid& grid, std::int16_t* levels);

/// y_i += scale * (base + unit * (2 levels[i] + 1)).
void add_affine(const std::int16_t* levels, std::size_t n, float base, float unit, float scale, float* y);

}  // namespace parley::compression::kernels
