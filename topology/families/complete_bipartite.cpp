#include "base/error.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "left",
     .kind = base::ParameterKind::integer,
     .low = 1,
     .high = 1 << 20,
     .help = "peers of the first group; all others are the second",
     .required = true},
};

/// The size of the first group.
std::size_t left_of(const base::Arguments& arguments, std::size_t n) {
  const auto left = static_cast<std::size_t>(arguments.integer("left"));
  if (n < 2) {
    throw base::OperatorError(
        fmt::format("{} needs two groups, the swarm has one peer: use at least 2 peers", arguments.canonical()));
  }
  if (left >= n) {
    throw base::OperatorError(
        fmt::format("{} leaves nobody for the second group, the swarm has {} peers: use left={} "
                    "or less",
                    arguments.canonical(), n, n - 1));
  }
  return left;
}

Graph make(const base::Arguments& arguments, std::size_t n, std::uint64_t) {
  const std::size_t left = left_of(arguments, n);
  std::vector<Edge> edges;
  edges.reserve(left * (n - left));
  for (std::size_t i = 0; i < left; ++i) {
    for (std::size_t j = left; j < n; ++j) edges.emplace_back(i, j);
  }
  return simple_graph(n, std::move(edges));
}

/// Two columns.
std::vector<Point> places(const base::Arguments& arguments, std::size_t n, std::uint64_t) {
  const std::size_t left = left_of(arguments, n);
  const std::size_t longer = std::max(left, n - left);
  std::vector<Point> places;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t size = i < left ? left : n - left;
    const std::size_t place = i < left ? i : i - left;
    const double step = static_cast<double>(longer) / static_cast<double>(size);
    places.push_back(
        {.x = i < left ? 0 : static_cast<double>(longer) * 0.7, .y = (static_cast<double>(place) + 0.5) * step});
  }
  return places;
}

}  // namespace

const GraphRow& complete_bipartite_family() {
  static constexpr GraphRow row{.name = "complete-bipartite",
                                .summary = "two groups; every peer of one is the neighbour of every peer of the other",
                                .parameters = kParameters,
                                .make = make,
                                .places = places};
  return row;
}

}  // namespace parley::topology
