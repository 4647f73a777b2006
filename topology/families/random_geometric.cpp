#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "radius",
     .kind = base::ParameterKind::real,
     .low = 0,
     .high = 1.5,
     .help = "peers at most this far apart are neighbours, in a square of side 1",
     .required = true},
};

/// In units of 2^-31 of the square's side: distances are compared in integers, which are the same everywhere.
struct Place {
  std::uint64_t x, y;
};
constexpr double kSide = 0x1p31;

struct Drawn {
  std::vector<Place> places;  // one per peer
  Graph graph;
};

/// Two words for every peer in turn, x first. Peers are joined by a sweep from left to right.
Drawn draw(base::Random& random, std::size_t n, double radius) {
  std::vector<Place> places(n);
  for (Place& place : places) {
    place.x = random.bits() >> 1;
    place.y = random.bits() >> 1;
  }
  std::vector<std::size_t> by_x(n);
  std::iota(by_x.begin(), by_x.end(), std::size_t{0});
  std::sort(by_x.begin(), by_x.end(),
            [&](std::size_t a, std::size_t b) { return std::pair(places[a].x, a) < std::pair(places[b].x, b); });
  const auto reach = static_cast<std::uint64_t>(radius * radius * (kSide * kSide));
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < n; ++i) {
    const Place& left = places[by_x[i]];
    for (std::size_t j = i + 1; j < n; ++j) {
      const Place& right = places[by_x[j]];
      const std::uint64_t across = right.x - left.x;
      if (across * across > reach) break;
      const std::uint64_t up = std::max(left.y, right.y) - std::min(left.y, right.y);
      if (across * across + up * up <= reach) edges.emplace_back(by_x[i], by_x[j]);
    }
  }
  return {.places = std::move(places), .graph = simple_graph(n, std::move(edges))};
}

Drawn draw_until_connected(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) {
  const double radius = arguments.real("radius");
  Drawn drawn;
  const auto graph = draw_connected(seed, [&](base::Random& random) {
    drawn = draw(random, n, radius);
    return std::optional(drawn.graph);
  });
  if (graph) return drawn;
  // Above the threshold sqrt(ln n / (pi n)) of Penrose (1997) by a margin for the borders.
  const auto peers = static_cast<double>(n);
  const double likely = std::sqrt(2.5 * std::log(peers) / (std::numbers::pi * peers));
  throw base::OperatorError(
      fmt::format("{} gave no connected graph on {} peers in {} draws: most draws are connected from radius={} on",
                  arguments.canonical(), n, kMaxDraws, std::ceil(likely * 1000) / 1000));
}

Graph make(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) {
  return draw_until_connected(arguments, n, seed).graph;
}

std::vector<Point> places(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) {
  std::vector<Point> places;
  for (const Place& place : draw_until_connected(arguments, n, seed).places)
    places.push_back({.x = static_cast<double>(place.x) / kSide, .y = static_cast<double>(place.y) / kSide});
  return places;
}

}  // namespace

const GraphRow& random_geometric_family() {
  static constexpr GraphRow row{
      .name = "random-geometric",
      .summary = "peers at random places of a square, neighbours within the radius; drawn again until connected",
      .parameters = kParameters,
      .make = make,
      .places = places};
  return row;
}

}  // namespace parley::topology
