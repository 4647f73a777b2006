// Stochastic quantisation to signed levels, and levels as codes of a few bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"

namespace parley::compression::kernels {

/// How |x| becomes a number of levels: r = min(|x| * prescale * inverse, top), each product rounded to a float.
/// `prescale` is a power of two that keeps `inverse` within the range of float.
struct LevelGrid {
  float prescale;
  float inverse;
  float top;  ///< the largest level, at most 32767
};

/// levels[i] = sign(x_i) * (floor(r_i) + (u_i < r_i - floor(r_i))), u_i uniform on [0, 1) in steps of 2^-24 from
/// rounding word i (see philox.h) of the groups that begin at `first_block`. Writes ceil(n / 64) * 64 levels; those
/// past n are zero.
void quantise(const float* x, std::size_t n, const LevelGrid& grid, const base::PhiloxInput& key,
              std::uint32_t first_block, std::int16_t* levels);

/// The same with u_i = 1/2: to the nearest level, and from half-way to the smaller magnitude.
void round_to_levels(const float* x, std::size_t n, const LevelGrid& grid, std::int16_t* levels);

/// y_i += scale * (unit * levels[i]).
void add_levels(const std::int16_t* levels, std::size_t n, float unit, float scale, float* y);

/// Packs two's complement codes of `bits` (1..16) bits, least significant first, into ceil(n * bits / 8) bytes; pad
/// bits are zero. Reads ceil(n / 64) * 64 levels, of which those past n are zero.
void pack_levels(const std::int16_t* levels, std::size_t n, unsigned bits, std::byte* to);

/// The inverse. Writes ceil(n / 64) * 64 levels: those past n come from the pad bits, then zeros.
void unpack_levels(const std::byte* from, std::size_t n, unsigned bits, std::int16_t* levels);

/// The smallest of ceil(n / 64) * 64 levels; 0 if none is negative.
std::int16_t smallest_level(const std::int16_t* levels, std::size_t n);

/// The largest of ceil(n / 64) * 64 levels; 0 if none is positive.
std::int16_t largest_level(const std::int16_t* levels, std::size_t n);

}  // namespace parley::compression::kernels
