// The search for the coordinates of largest magnitude.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::compression::kernels {

struct Collected {
  std::size_t count;           ///< how many coordinates were written
  std::uint32_t largest_bits;  ///< of all |x_i|: not below kInfinityBits if any x_i is not finite
};

/// Writes to the front of `indices` and `values` the coordinates of x, in order, whose bits without the sign are at
/// least `least` (1 .. 2^31 - 1, so that zeros never count); the index of x_i is first + i. Both arrays need room for
/// n + 16.
Collected collect_at_least(const float* x, std::size_t n, std::uint32_t least, std::uint32_t first,
                           std::uint32_t* indices, float* values);

/// A magnitude, as bits, for finding the k largest of the n at x (1 <= k <= n): exactly k are not below it, if there is
/// such a one; else it is the k-th largest itself, which more than k are not below. A NaN counts as the largest.
std::uint32_t split_magnitude(const float* x, std::size_t n, std::size_t k);

/// Writes to the front of `indices` and `values` what is drawn of the n finite floats at x: x_i that are not 0 and
/// whose magnitude is at least `certain` or, times per_unit and limited to 2^31 - 128, exceeds the upper 31 bits of
/// word i. The index of x_i is first + i. Returns how many; both arrays need room for n + 16.
std::size_t draw_in_proportion(const float* x, std::size_t n, float certain, float per_unit, const std::uint32_t* words,
                               std::uint32_t first, std::uint32_t* indices, float* values);

}  // namespace parley::compression::kernels
