// From places on any scale to places in a picture.
#pragma once

#include <span>
#include <vector>

#include "topology/graph.h"

namespace parley::topology {

/// All in pixels.
struct Canvas {
  double width = 0, height = 0;
  double radius = 0;          ///< of a node
  std::vector<Point> places;  ///< of the nodes' middles
};

/// Makes the picture as large as it must be for the nodes that are nearest to each other to have room for their number,
/// but no larger than `longest_side`, and stretches what is very wide or high.
Canvas canvas_for(std::span<const Point> places, double longest_side);

}  // namespace parley::topology
