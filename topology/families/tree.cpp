#include <cmath>
#include <numbers>

#include "topology/families/families.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "children",
     .kind = base::ParameterKind::integer,
     .fallback = "2",
     .low = 1,
     .high = 1 << 20,
     .help = "peers below every peer that is not a leaf"},
};

/// The numbering of a heap: the children of i are c i + 1 ... c i + c.
Graph make(const base::Arguments& arguments, std::size_t n, std::uint64_t) {
  const auto children = static_cast<std::size_t>(arguments.integer("children"));
  std::vector<Edge> edges;
  for (std::size_t i = 1; i < n; ++i) edges.emplace_back((i - 1) / children, i);
  return simple_graph(n, std::move(edges));
}

/// Level by level from the top. A peer stands above the middle of its children, those that the last level lacks
/// included, so that every level is evenly spaced. A wide tree has its levels on circles around the top.
std::vector<Point> places(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) {
  const auto children = static_cast<std::size_t>(arguments.integer("children"));
  if (children == 1) return places_on_a_circle(arguments, n, seed);
  std::vector<Point> places;
  double spread = 1;  // between neighbours on a level, in parts of the width
  std::size_t level_size = 1;
  for (std::size_t level = 0; places.size() < n; ++level) {
    spread = 1.0 / static_cast<double>(level_size);
    for (std::size_t k = 0; k < level_size && places.size() < n; ++k)
      places.push_back({.x = (static_cast<double>(k) + 0.5) * spread, .y = static_cast<double>(level)});
    level_size *= children;
  }
  constexpr double kWidest = 20;
  const double levels = std::max(1.0, places.back().y);
  for (Point& place : places) {
    if (1 / spread <= kWidest) {
      place.x /= spread;  // as wide as the last level needs
    } else {
      const double angle = 2 * std::numbers::pi * place.x;
      place = {.x = place.y / levels * std::sin(angle), .y = -place.y / levels * std::cos(angle)};
    }
  }
  return places;
}

}  // namespace

const GraphRow& tree_family() {
  static constexpr GraphRow row{.name = "tree",
                                .summary = "a tree with peer 0 on top; peer i is below peer (i - 1) / children",
                                .parameters = kParameters,
                                .make = make,
                                .places = places};
  return row;
}

}  // namespace parley::topology
