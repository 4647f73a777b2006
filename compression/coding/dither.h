// The arithmetic of quantisation to s levels of a norm, apart from the loop over coordinates.
#pragma once

#include <cstddef>

#include "compression/compressor.h"
#include "compression/kernels/levels.h"

namespace parley::compression {

enum class Norm { l2, linf };

/// The variance bound omega of stochastic rounding of `length` coordinates to multiples of |x|/s in that norm:
/// E|Q(x) - x|^2 <= omega |x|_2^2, attained by some x in the limit (see docs/compression.md).
///
///   linf: (sqrt(1 + (length - 1) / s^2) - 1) / 2
///   l2:   sqrt(length) / s - 1 if length >= 4 s^2, else length / (4 s^2); 0 for length 1
double dither_variance(Norm norm, std::size_t length, unsigned s);

/// The norm of n coordinates. Not finite or above the largest float if x has a NaN or an infinity.
double norm_of(Norm norm, const float* x, std::size_t n);

/// What one level of a bucket decodes to: norm / (s * (1 + shrink)), rounded, and so that s levels are still finite.
/// `norm` is as sent: finite and not negative.
float level_unit(float norm, unsigned s, double shrink);

/// True if a bucket of this norm is sent as zeros because its levels would not be normal floats.
bool is_negligible(float norm, unsigned s, double shrink);

/// The norm as it is sent: rounded up, so that no coordinate exceeds it, and at most the largest float.
float round_up(double norm);

/// The grid that takes |x_i| = norm to exactly s. Precondition: norm is a normal float.
kernels::LevelGrid level_grid(float norm, unsigned s);

/// The bits of codes in two's complement from -s to s.
unsigned level_bits(unsigned s);

/// Stochastic rounding of buckets to -s, ..., s levels of a norm, as qsgd has it.
struct LevelDither {
  unsigned s;
  unsigned bits;  ///< of a code in two's complement
  std::size_t bucket;
  Norm norm;
  bool contractive;

  /// What the receiver divides a bucket of `length` by, less one.
  double shrink(std::size_t length) const { return contractive ? dither_variance(norm, length, s) : 0; }
  /// All but the bits.
  Properties properties(std::size_t d) const;
};

}  // namespace parley::compression
