// How the ten digits are written by hand.
#pragma once

#include <span>

namespace parley::learning {

/// x to the right, y down.
struct Point {
  float x = 0, y = 0;
};

/// One movement of the pen. Straight: through all points. Curved: a quadratic B-spline, from the first point to the
/// last, with the others pulling it towards them.
struct Stroke {
  bool curved = false;
  std::span<const Point> points;
};

/// One way to write a digit: strokes within [-1, 1] x [-1, 1], give or take a tenth.
using Style = std::span<const Stroke>;

/// The styles of `digit`, all about equally common. Checked: digit < 10.
std::span<const Style> glyph_styles(unsigned digit);

}  // namespace parley::learning
