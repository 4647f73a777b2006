// Elements of few bits below a power of two that each 32 share. See mx.cpp for the format.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::compression::kernels {

inline constexpr std::size_t kMicroBlock = 32;

/// A format of elements. Floats are a sign, an exponent and `mantissa` bits; whole numbers count 2^(2-bits) and have
/// no exponent bits. Both are held as the signed number that the code's bits are in two's complement.
struct MicroFormat {
  int bits;          ///< of a code, sign included: 4, 6 or 8
  int mantissa;      ///< of a float; -1 for whole numbers
  int bias;          ///< of a float's exponent
  int top_exponent;  ///< of the largest element, as a power of two
  std::int32_t top;  ///< the code of the largest element, without its sign
  constexpr bool is_float() const { return mantissa >= 0; }
  /// The code of 2^exponent, for exponents from 0 to top_exponent.
  constexpr std::int32_t power_of_two(int exponent) const {
    return is_float() ? (exponent + bias) << mantissa : std::int32_t{1} << (bits - 2);
  }
};

/// Writes the codes of n coordinates, and for every 32 of them the scale: biased by 127, of 2^top_exponent to the
/// block's largest magnitude, at least 1; 0, with zero codes, for a block without a normal float. Writes
/// ceil(n / 64) * 64 codes; those past n are zero. False, with the output unspecified, if any x_i is not finite.
bool to_micro(const float* x, std::size_t n, const MicroFormat& format, std::int16_t* codes, std::byte* scales);

/// largest[b] is the largest magnitude among the codes of block b, without their signs. Reads ceil(n / 64) * 64 codes.
void largest_codes(const std::int16_t* codes, std::size_t n, const MicroFormat& format, std::int32_t* largest);

/// y_i += scale * what code i, below its block's scale, stands for. Reads ceil(n / 64) * 64 codes.
void add_micro(const std::int16_t* codes, const std::byte* scales, std::size_t n, const MicroFormat& format,
               float scale, float* y);

}  // namespace parley::compression::kernels
