#include <array>

#include "topology/families/families.h"
#include "topology/families/sides.h"

namespace parley::topology {
namespace {

Graph make(const base::Arguments& arguments, std::size_t n, std::uint64_t) {
  const Sides sides = sides_of(arguments, n, "a ring");
  return lattice(std::array{Axis{.length = sides.rows, .closed = true}, Axis{.length = sides.cols, .closed = true}});
}

std::vector<Point> places(const base::Arguments& arguments, std::size_t n, std::uint64_t) {
  return places_in_rows(sides_of(arguments, n, "a ring"));
}

}  // namespace

const GraphRow& torus_family() {
  static const GraphRow row{
      .name = "torus",
      .summary = "a sheet of rows x cols peers, closed in both directions; peer r * cols + c is in row r, column c",
      .parameters = sides_parameters(),
      .make = make,
      .places = places};
  return row;
}

}  // namespace parley::topology
