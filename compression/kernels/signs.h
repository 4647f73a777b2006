// One bit per coordinate, least significant first: 1 for x_i < 0.
#pragma once

#include <cstddef>

namespace parley::compression::kernels {

/// Writes ceil(n / 8) bytes; the bits past n are zero. Zero of either sign counts as positive.
void pack_signs(const float* x, std::size_t n, std::byte* to);

/// y_i += +-amount, minus where bit i is 1.
void add_signs(const std::byte* bits, std::size_t n, float amount, float* y);

}  // namespace parley::compression::kernels
