// Floats on the wire: as they are, and rounded to sixteen bits.
//
// Casts round to nearest, ties to even. They are made of integer operations on every target, since the conversions of
// processors differ in what they do with denormals. Sources and targets need no alignment.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::compression::kernels {

/// Writes n floats to `to`. Returns the largest |x_i| as bits. If they are a part of a payload of `whole` floats, that
/// decides whether they are written past the caches.
std::uint32_t copy_f32(const float* x, std::size_t n, std::byte* to, std::size_t whole = 0);
/// y_i += scale * v_i, where v_i is the i-th of n floats at `from`.
void add_f32(const std::byte* from, std::size_t n, float scale, float* y);

/// The largest finite bfloat16, which finite floats that would round to infinity become.
inline constexpr std::uint16_t kLargestBf16 = 0x7F7F;

/// Writes n bfloat16 to `to`. Returns the largest |x_i| as bits; the output is unspecified if that is not finite.
/// `whole` as above.
std::uint32_t to_bf16(const float* x, std::size_t n, std::byte* to, std::size_t whole = 0);
void add_bf16(const std::byte* from, std::size_t n, float scale, float* y);

/// The largest |v_i| of n 16-bit floats of any format at `from`, as bits without the sign.
std::uint16_t max_magnitude_16(const std::byte* from, std::size_t n);

}  // namespace parley::compression::kernels
