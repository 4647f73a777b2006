#include <array>

#include "base/error.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "rows",
     .kind = base::ParameterKind::integer,
     .low = 1,
     .high = 1 << 20,
     .help = "peers along one side",
     .required = true},
    {.name = "cols",
     .kind = base::ParameterKind::integer,
     .low = 1,
     .high = 1 << 20,
     .help = "peers along the other side",
     .required = true},
};

/// The sides that fit n peers and are nearest to a square, as the operator would write them.
std::string fitting_sides(std::size_t n) {
  std::size_t rows = 1;
  for (std::size_t side = 1; side * side <= n; ++side) {
    if (n % side == 0) rows = side;
  }
  return fmt::format("rows={}, cols={}{}", rows, n / rows, rows == 1 && n > 2 ? ", which is a ring" : "");
}

Graph make(const base::Arguments& arguments, std::size_t n, std::uint64_t) {
  const auto rows = static_cast<std::size_t>(arguments.integer("rows"));
  const auto cols = static_cast<std::size_t>(arguments.integer("cols"));
  if (rows * cols != n) {
    throw base::OperatorError(fmt::format("{} has {} places, the swarm has {} peers: use {}", arguments.canonical(),
                                          rows * cols, n, fitting_sides(n)));
  }
  return lattice(std::array{Axis{.length = rows, .closed = true}, Axis{.length = cols, .closed = true}});
}

}  // namespace

const GraphRow& torus_family() {
  static constexpr GraphRow row{
      .name = "torus",
      .summary = "a sheet of rows x cols peers, closed in both directions; peer r * cols + c is in row r, column c",
      .parameters = kParameters,
      .make = make};
  return row;
}

}  // namespace parley::topology
