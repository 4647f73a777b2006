// Rounding to signed levels of a grid that is known beforehand. Levels are packed by levels.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "compression/kernels/levels.h"

namespace parley::compression::kernels {

/// levels[i] = sign(x_i) * r_i, rounded to nearest, ties to even (see LevelGrid for r_i). Writes ceil(n / 64) * 64
/// levels; those past n are zero.
void round_to_nearest(const float* x, std::size_t n, const LevelGrid& grid, std::int16_t* levels);

/// Whole numbers of a unit, between bounds that need not be symmetric.
struct FixedGrid {
  float per_unit;  ///< 1 / unit, a power of two, so that |x| * per_unit is exact
  std::int32_t lowest, highest;
};

/// levels[i] = x_i / unit, rounded to nearest, ties down, and clamped. Writes as round_to_nearest does. Returns the
/// bits of the largest |x_i|: not below kInfinityBits if any x_i is not finite, and the levels then mean nothing.
std::uint32_t round_fixed(const float* x, std::size_t n, const FixedGrid& grid, std::int16_t* levels);

/// The same, rounded up with the probability of what is left after rounding down, then clamped. Words as in quantise.
std::uint32_t draw_fixed(const float* x, std::size_t n, const FixedGrid& grid, const base::PhiloxInput& key,
                         std::uint32_t first_block, std::int16_t* levels);

}  // namespace parley::compression::kernels
