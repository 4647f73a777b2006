// The s + 1 equally spaced points from the smallest to the largest of a bucket, apart from the loop over coordinates.
#pragma once

#include "compression/kernels/affine.h"

namespace parley::compression {

/// The points base + unit m for m = -s, 2 - s, ..., s, each operation rounded: from low to high when shrink is 0, all
/// of them divided by 1 + shrink. Every one of them is finite. In this form low and high may be as far apart as floats
/// can be. Preconditions: low <= high, both finite, and s > 0.
struct AffinePoints {
  AffinePoints(float low, float high, unsigned s, double shrink);

  /// True if low and high are too near for their steps to be normal floats.
  bool is_flat() const;

  float base, unit;
};

/// The grid that takes low to level 0 and high to level s, in codes of `bits` bits in two's complement: code =
/// level - 2^(bits-1). Precondition: the points of low and high are not flat.
kernels::AffineGrid affine_grid(float low, float high, unsigned bits);

/// The number of steps, 2^bits - 1.
constexpr unsigned affine_steps(unsigned bits) {
  return (1u << bits) - 1;
}

}  // namespace parley::compression
