#include "topology/families/families.h"

namespace parley::topology {
namespace {

Graph make(const base::Arguments&, std::size_t n, std::uint64_t) {
  std::vector<Edge> edges;
  for (std::size_t leaf = 1; leaf < n; ++leaf) edges.emplace_back(0, leaf);
  return simple_graph(n, std::move(edges));
}

/// The hub in the middle of the others.
std::vector<Point> places(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) {
  std::vector<Point> places = places_on_a_circle(arguments, n - 1, seed);
  places.insert(places.begin(), Point{});
  return places;
}

}  // namespace

const GraphRow& star_family() {
  static constexpr GraphRow row{.name = "star",
                                .summary = "peer 0 is the neighbour of all others",
                                .parameters = {},
                                .make = make,
                                .places = places};
  return row;
}

}  // namespace parley::topology
