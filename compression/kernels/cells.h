// Levels at any places: the range of a bucket is cut into cells of equal width, none of which has a level inside but at
// its first coordinate.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"

namespace parley::compression::kernels {

/// Positions in the range take 20 bits.
inline constexpr int kPositionBits = 20;

/// t = max(x * prescale - origin, 0), each operation rounded, position = floor(min(t * inverse, 2^20 - 1)), and cell =
/// floor(position * cells / 2^20). All of them grow with x.
struct CellGrid {
  float prescale, origin, inverse;
  std::int32_t cells;  ///< at most 1024
};

void to_positions(const float* x, std::size_t n, const CellGrid& grid, std::int32_t* positions);

/// For each cell that has a coordinate: the level at or below it, that level's t, and the inverse of the step to the
/// next level.
struct CellLevels {
  const std::int32_t* level;
  const float* t;
  const float* inverse;
};

/// levels[i] = level + (u_i < (t_i - t) * inverse) - offset, of the cell of x_i and with u_i as in levels.h. Writes
/// ceil(n / 64) * 64 levels; those past n are zero.
void quantise_in_cells(const float* x, std::size_t n, const CellGrid& grid, const CellLevels& cells,
                       std::int32_t offset, const base::PhiloxInput& key, std::uint32_t first_block,
                       std::int16_t* levels);

/// y_i += scale * values[levels[i] + offset].
void add_looked_up(const std::int16_t* levels, std::size_t n, std::int32_t offset, const float* values, float scale,
                   float* y);

}  // namespace parley::compression::kernels
