#include "topology/families/sides.h"

#include "base/error.h"

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
std::string fitting_sides(std::size_t n, const char* line) {
  std::size_t rows = 1;
  for (std::size_t side = 1; side * side <= n; ++side) {
    if (n % side == 0) rows = side;
  }
  return fmt::format("rows={}, cols={}{}", rows, n / rows,
                     rows == 1 && n > 2 ? fmt::format(", which is {}", line) : "");
}

}  // namespace

std::span<const base::Parameter> sides_parameters() {
  return kParameters;
}

Sides sides_of(const base::Arguments& arguments, std::size_t n, const char* line) {
  const Sides sides{.rows = static_cast<std::size_t>(arguments.integer("rows")),
                    .cols = static_cast<std::size_t>(arguments.integer("cols"))};
  if (sides.rows * sides.cols != n) {
    throw base::OperatorError(fmt::format("{} has {} places, the swarm has {} peers: use {}", arguments.canonical(),
                                          sides.rows * sides.cols, n, fitting_sides(n, line)));
  }
  return sides;
}

std::vector<Point> places_in_rows(const Sides& sides) {
  std::vector<Point> places;
  places.reserve(sides.rows * sides.cols);
  for (std::size_t row = 0; row < sides.rows; ++row) {
    for (std::size_t col = 0; col < sides.cols; ++col)
      places.push_back({.x = static_cast<double>(col), .y = static_cast<double>(row)});
  }
  return places;
}

}  // namespace parley::topology
