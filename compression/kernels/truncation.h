// The leading bits of floats: sign, exponent and a few digits of the mantissa.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::compression::kernels {

/// codes[i] = bits of x_i >> (32 - bits), bits in 9..24. Returns the bits of the largest |x_i|; not below kInfinityBits
/// (scan.h) if any is not finite.
std::uint32_t truncate_floats(const float* x, std::size_t n, unsigned bits, std::uint32_t* codes);

/// The largest code without its sign bit.
std::uint32_t largest_code(const std::uint32_t* codes, std::size_t n, unsigned bits);

/// y_i += scale * the float whose bits are codes[i] << (32 - bits).
void add_truncated(const std::uint32_t* codes, std::size_t n, unsigned bits, float scale, float* y);

/// Packs codes of `bits` (9..24) bits, least significant first, into ceil(n * bits / 8) bytes; pad bits are zero.
void pack_codes(const std::uint32_t* codes, std::size_t n, unsigned bits, std::byte* to);

/// The inverse.
void unpack_codes(const std::byte* from, std::size_t n, unsigned bits, std::uint32_t* codes);

}  // namespace parley::compression::kernels
