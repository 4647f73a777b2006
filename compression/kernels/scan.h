// What an operator needs to know of a vector before it codes it.
//
// Sums are taken in double, in a fixed order, so that every SIMD target and every number of threads finds the same
// bits: sums of kSumChunk coordinates each (sixteen partial sums, coordinate i in the (i mod 16)-th, then halved until
// one is left) are added in turn. Squares of denormals do not underflow in double.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::compression::kernels {

/// The bits of +infinity: a float whose bits without the sign are below is finite.
inline constexpr std::uint32_t kInfinityBits = 0x7F800000;

/// Sums of more coordinates are sums of the sums of so many.
inline constexpr std::size_t kSumChunk = std::size_t{1} << 16;

/// The largest |x_i| as bits; not below kInfinityBits if any x_i is not finite. 0 for n = 0.
std::uint32_t max_magnitude_bits(const float* x, std::size_t n);
/// The same of n floats in a payload.
std::uint32_t max_magnitude_bits(const std::byte* floats, std::size_t n);

/// True if every x_i is finite.
bool all_finite(const float* x, std::size_t n);

/// sum |x_i|. Not finite if any x_i is not.
double sum_of_magnitudes(const float* x, std::size_t n);

/// sum x_i^2. Not finite if any x_i is not.
double sum_of_squares(const float* x, std::size_t n);

struct Spread {
  double sum_of_squares;
  std::uint32_t largest_bits;  ///< as max_magnitude_bits
};

/// Both in one pass.
Spread spread(const float* x, std::size_t n);

struct Tail {
  double sum;
  std::size_t count;
};

/// The number and the sum of the |x_i|, of the x_i, or of the -x_i that are at least `least`, which is above 0. n is
/// below 2^31.
Tail magnitudes_from(const float* x, std::size_t n, float least);
Tail positives_from(const float* x, std::size_t n, float least);
Tail negatives_from(const float* x, std::size_t n, float least);

/// What lies on either side of a magnitude.
struct Split {
  std::size_t count;  ///< of |x_i| >= threshold
  double energy;      ///< sum of their squares
  double length;      ///< sum |x_i| of the others
};

/// Of n finite floats.
Split split_at(const float* x, std::size_t n, float threshold);

}  // namespace parley::compression::kernels
