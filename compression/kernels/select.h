// The search for the coordinates of largest magnitude.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::compression::kernels {

/// Appends to `indices` and `values` the coordinates i of x, in order, whose bits without the sign are at least `least`
/// (at least 1, so that zeros never count); indices are first + i. Returns how many. Both arrays need room for n + 16.
std::size_t collect_at_least(const float* x, std::size_t n, std::uint32_t least, std::uint32_t first,
                             std::uint32_t* indices, float* values);

}  // namespace parley::compression::kernels
