// One bit per coordinate and the mean magnitude of each block. See sign.cpp for the format.
#pragma once

#include <cstddef>

namespace parley::compression::kernels {

/// The bytes of a block of n coordinates.
constexpr std::size_t sign_block_size(std::size_t n) {
  return sizeof(float) + (n + 7) / 8;
}

/// Writes the blocks of n coordinates, each of `block` but the last. Returns false, with the output unspecified, if any
/// x_i is not finite.
bool to_signs(const float* x, std::size_t n, std::size_t block, std::byte* to);

/// The same with the scale sum x_i^2 / sum |x_i| of each block, at most `limit` times and at least its mean magnitude.
bool to_curved_signs(const float* x, std::size_t n, std::size_t block, double limit, std::byte* to);

/// y_i += scale * C(x)_i.
void add_signs(const std::byte* from, std::size_t n, std::size_t block, float scale, float* y);

}  // namespace parley::compression::kernels
