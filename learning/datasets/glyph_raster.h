// Draws line segments with a round pen, anti-aliased, by the distance of each pixel's centre from the nearest segment.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "learning/datasets/glyph_strokes.h"

namespace parley::learning {

inline constexpr std::size_t kGlyphSide = 28;
inline constexpr std::size_t kGlyphPixels = kGlyphSide * kGlyphSide;

/// Pixel (column, row) has its centre at (column + 1/2, row + 1/2). Uses only operations that IEEE 754 rounds
/// correctly, so that every machine draws the same bits.
class GlyphRaster {
 public:
  /// `radius`: half the width of the pen, in pixels.
  explicit GlyphRaster(float radius);

  void draw(Point from, Point to);
  /// How much of each pixel the pen covers, in [0, 1].
  void coverage(std::span<float, kGlyphPixels> out) const;

 private:
  float reach_;                                       // beyond it nothing is covered
  std::array<float, kGlyphPixels> distance_squared_;  // to the nearest segment, or reach_^2 if that is less
};

}  // namespace parley::learning
