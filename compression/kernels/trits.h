// Levels -1, 0 and 1 as digits of base three, five to a byte.
//
//   A stretch of n levels is cut into groups of 320, the last one shorter. A group of r levels takes m = ceil(r / 5)
//   bytes; byte j holds the digits of levels j, j + m, .., j + 4 m, the first of them least significant. The digit of
//   0 is 0, of 1 is 1 and of -1 is 2; digits past the group's end are 0, and no byte is above 242.
//
// Digits that share a byte stand m apart, so that whole vectors are packed and unpacked without moving lanes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::compression::kernels {

inline constexpr std::size_t kTritGroup = 320;

/// The bytes of n levels.
constexpr std::size_t trit_bytes(std::size_t n) {
  return (n + 4) / 5;
}

/// Packs n levels into trit_bytes(n) bytes.
void pack_trits(const std::int16_t* levels, std::size_t n, std::byte* to);

/// The inverse, of bytes that trits_are_valid. Writes ceil(n / 320) * 320 levels, of which those past n mean nothing.
void unpack_trits(const std::byte* from, std::size_t n, std::int16_t* levels);

/// True if pack_trits could have written these trit_bytes(n) bytes.
bool trits_are_valid(const std::byte* from, std::size_t n);

}  // namespace parley::compression::kernels
