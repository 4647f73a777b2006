// binary16 below an exponent that each block of coordinates shares. See f16.cpp for the format.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::compression::kernels {

inline constexpr std::uint8_t kLargestExponent = 254;
inline constexpr std::uint16_t kHalf14 = 0x7400;  ///< the bits of 2^14 as binary16
inline constexpr std::uint16_t kHalf15 = 0x7800;  ///< the bits of 2^15, which magnitudes just below it round to

/// The largest binary16 below this exponent: 2^15 would decode to infinity below the largest.
constexpr std::uint16_t largest_half(std::uint8_t exponent) {
  return exponent == kLargestExponent ? kHalf15 - 1 : kHalf15;
}

/// Writes n binary16 to `halves` and an exponent for every `block` of them to `exponents`. Returns false, with the
/// output unspecified, if any x_i is not finite. If they are a part of a payload of `whole` halves, that decides
/// whether they are written past the caches.
bool to_halves(const float* x, std::size_t n, std::size_t block, std::byte* halves, std::byte* exponents,
               std::size_t whole = 0);

/// y_i += scale * v_i.
void add_halves(const std::byte* halves, const std::byte* exponents, std::size_t n, std::size_t block, float scale,
                float* y);

}  // namespace parley::compression::kernels
