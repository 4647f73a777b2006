// Rounding to powers of two at random, by a carry from the mantissa into the exponent.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "compression/kernels/levels.h"

namespace parley::compression::kernels {

/// exponents[i] = (bits of |x_i| + v_i) >> 23, v_i the upper 23 bits of rounding word i (see philox.h) of the groups
/// that begin at `first_block`; bit i of `signs`, least significant first, is 1 for x_i < 0 unless exponents[i] is 0.
/// Fills ceil(n / 8) bytes of signs. Returns the bits of the largest |x_i|; not below kInfinityBits if any is not
/// finite.
std::uint32_t to_powers(const float* x, std::size_t n, const base::PhiloxInput& key, std::uint32_t first_block,
                        std::uint8_t* exponents, std::uint8_t* signs);

/// The same with v_i = 2^22: to the nearest power of two, and from half-way to the larger one.
std::uint32_t to_nearest_powers(const float* x, std::size_t n, std::uint8_t* exponents, std::uint8_t* signs);

/// True if no exponent is 0 with its sign set, and pad bits are zero.
bool are_powers(const std::uint8_t* exponents, const std::uint8_t* signs, std::size_t n);

/// y_i += scale * +-2^(exponents[i] - 127), of which 0 stands for 0 and 255 for the largest float.
void add_powers(const std::uint8_t* exponents, const std::uint8_t* signs, std::size_t n, float scale, float* y);

/// r = min(|x| * prescale * inverse, top); levels[i] = sign(x_i) c_i, where c is 0 for 0 and 1 + e for 2^e, between
/// which r is rounded at random with rounding word i of the groups that begin at `first_block`. top is a power of two
/// up to 2^30. Writes ceil(n / 64) * 64 levels; those past n are zero.
void quantise_to_powers(const float* x, std::size_t n, const LevelGrid& grid, const base::PhiloxInput& key,
                        std::uint32_t first_block, std::int16_t* levels);

/// y_i += scale * (sign(c) unit 2^(|c| - 1 - finest)), c = levels[i], and 0 for c = 0.
void add_power_levels(const std::int16_t* levels, std::size_t n, float unit, unsigned finest, float scale, float* y);

}  // namespace parley::compression::kernels
