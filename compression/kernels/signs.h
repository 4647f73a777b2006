// One bit per coordinate and the mean magnitude of each block. See sign.cpp for the format.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"

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

/// Writes ceil(n / 8) bytes: bit i is 1 for x_i < 0, pad bits are zero. Returns the bits of the largest |x_i|, not
/// below kInfinityBits if any x_i is not finite.
std::uint32_t pack_sign_bits(const float* x, std::size_t n, std::byte* to);

/// The same with bit i = (u_i >= x_i * steepness + 1/2), each operation rounded, u_i uniform on [0, 1) in steps of
/// 2^-24 from word i (see philox.h) of the stream: 1 with probability 1/2 - x_i * steepness, or 0, or 1 beyond.
std::uint32_t pack_random_sign_bits(const float* x, std::size_t n, float steepness, const base::PhiloxInput& key,
                                    std::byte* to);

/// y_i += minus where bit i is 1, else plus.
void add_sign_bits(const std::byte* bits, std::size_t n, float plus, float minus, float* y);

/// The same with values for each coordinate.
void add_sign_bits(const std::byte* bits, std::size_t n, const float* plus, const float* minus, float* y);

/// How many of the bits of n bytes are 1.
std::size_t count_ones(const std::byte* bytes, std::size_t n);

struct SumsBySign {
  double positive, negative;   ///< of the coordinates above and below zero; the latter is not above zero
  std::uint32_t largest_bits;  ///< of all |x_i|: not below kInfinityBits if any x_i is not finite
};
/// Writes the bits that pack_sign_bits writes, too.
SumsBySign sums_by_sign(const float* x, std::size_t n, std::byte* to);

/// Writes these bits and returns sum |x_i|, not finite if any x_i is not.
double pack_and_sum(const float* x, std::size_t n, std::byte* to);

}  // namespace parley::compression::kernels
