// The two sides of families that lay their peers out in rows and columns.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/spec.h"
#include "topology/graph.h"

namespace parley::topology {

struct Sides {
  std::size_t rows = 1, cols = 1;
};

/// The parameters rows and cols.
std::span<const base::Parameter> sides_parameters();

/// Throws base::OperatorError unless rows times cols is n, with the sides that fit n and are nearest to a square.
/// `line` is what the graph is with one row only, as "a ring".
Sides sides_of(const base::Arguments& arguments, std::size_t n, const char* line);

/// Peer r * cols + c at row r, column c.
std::vector<Point> places_in_rows(const Sides& sides);

}  // namespace parley::topology
