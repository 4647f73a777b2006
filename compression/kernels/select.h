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

}  // namespace parley::compression::kernels
