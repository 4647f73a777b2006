#include "learning/datasets/glyph_raster.h"

#include <algorithm>
#include <cmath>

namespace parley::learning {
namespace {

struct PixelRange {
  std::size_t begin = 0, end = 0;
};

/// The columns or rows whose centres lie in [low, high].
PixelRange pixels_between(float low, float high) {
  constexpr auto kSide = static_cast<float>(kGlyphSide);
  const float begin = std::clamp(std::ceil(low - 0.5f), 0.0f, kSide);
  const float end = std::clamp(std::floor(high - 0.5f) + 1.0f, begin, kSide);
  return {static_cast<std::size_t>(begin), static_cast<std::size_t>(end)};
}

}  // namespace

GlyphRaster::GlyphRaster(float radius) : reach_(radius + 0.5f) {
  distance_squared_.fill(reach_ * reach_);
}

void GlyphRaster::draw(Point from, Point to) {
  const float dx = to.x - from.x, dy = to.y - from.y;
  const float length_squared = dx * dx + dy * dy;
  const float inverse = length_squared > 0 ? 1.0f / length_squared : 0.0f;
  const PixelRange columns = pixels_between(std::min(from.x, to.x) - reach_, std::max(from.x, to.x) + reach_);
  const PixelRange rows = pixels_between(std::min(from.y, to.y) - reach_, std::max(from.y, to.y) + reach_);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const float py = static_cast<float>(row) + 0.5f - from.y;
    float* line = distance_squared_.data() + row * kGlyphSide;
    for (std::size_t column = columns.begin; column < columns.end; ++column) {
      const float px = static_cast<float>(column) + 0.5f - from.x;
      // The nearest point of the segment is from + t (to - from).
      const float t = std::min(std::max((px * dx + py * dy) * inverse, 0.0f), 1.0f);
      const float ex = px - t * dx, ey = py - t * dy;
      line[column] = std::min(line[column], ex * ex + ey * ey);
    }
  }
}

void GlyphRaster::coverage(std::span<float, kGlyphPixels> out) const {
  for (std::size_t i = 0; i < kGlyphPixels; ++i) out[i] = std::min(reach_ - std::sqrt(distance_squared_[i]), 1.0f);
}

}  // namespace parley::learning
