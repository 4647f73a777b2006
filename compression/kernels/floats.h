// Floats on the wire: as they are, as bfloat16, and as binary16 below a block's exponent.
//
// Casts round to nearest, ties to even. Sources and targets need no alignment.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::compression::kernels {

/// y_i += scale * v_i, where v_i is the i-th of n floats at `from`.
void add_f32(const std::byte* from, std::size_t n, float scale, float* y);
/// The largest |v_i| of n floats at `from`, as bits.
std::uint32_t max_magnitude_f32(const std::byte* from, std::size_t n);

/// The largest finite bfloat16, which finite floats that would round to infinity become.
inline constexpr std::uint16_t kLargestBf16 = 0x7F7F;

/// Writes n bfloat16 to `to`. Returns the largest |x_i| as bits; the output is unspecified if that is not finite.
std::uint32_t to_bf16(const float* x, std::size_t n, std::byte* to);
void add_bf16(const std::byte* from, std::size_t n, float scale, float* y);
/// The largest |v_i| of n 16-bit floats of either format at `from`, as bits without the sign.
std::uint16_t max_magnitude_16(const std::byte* from, std::size_t n);
/// The bits of n 16-bit words, or-ed.
std::uint16_t any_bits_16(const std::byte* from, std::size_t n);

/// Writes n binary16 of x_i * 2^(-shift), saturated to +-largest (bits). Precondition: |x_i| * 2^-shift < 2^15, and
/// shift in [-140, 113].
void to_f16(const float* x, std::size_t n, int shift, std::uint16_t largest, std::byte* to);
/// y_i += scale * (v_i * 2^shift), each product rounded.
void add_f16(const std::byte* from, std::size_t n, int shift, float scale, float* y);

}  // namespace parley::compression::kernels
