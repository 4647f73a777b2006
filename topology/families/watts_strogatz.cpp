#include "base/error.h"
#include "topology/families/edge_set.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "degree",
     .kind = base::ParameterKind::integer,
     .low = 2,
     .high = 1 << 20,
     .help = "neighbours before rewiring, half of them on each side; even",
     .required = true},
    {.name = "p",
     .kind = base::ParameterKind::real,
     .low = 0,
     .high = 1,
     .help = "probability that an edge is rewired",
     .required = true},
};

/// One draw, in the order of Watts and Strogatz (1998): hop by hop, and for each hop around the ring. With probability
/// p the edge from i to i + hop gets another far end, uniform among the peers that i is not joined to yet. Boost's
/// generator draws an end without looking whether that edge is there already, and from distributions that may change
/// with its version; all peers must draw the same graph.
Graph draw(base::Random& random, std::size_t n, std::size_t degree, double p) {
  EdgeSet joined(n);
  std::vector<Edge> edges;
  std::vector<std::size_t> degree_of(n, degree);
  for (std::size_t hop = 1; hop <= degree / 2; ++hop) {
    for (std::size_t i = 0; i < n; ++i) {
      edges.emplace_back(i, (i + hop) % n);
      joined.insert(i, (i + hop) % n);
    }
  }
  for (auto& [i, end] : edges) {
    if (random.uniform_double() >= p || degree_of[i] == n - 1) continue;
    std::size_t other = i;
    while (other == i || joined.contains(i, other)) other = random.below(static_cast<std::uint32_t>(n));
    joined.erase(i, end);
    joined.insert(i, other);
    --degree_of[end];
    ++degree_of[other];
    end = other;
  }
  return simple_graph(n, std::move(edges));
}

std::size_t fitting_degree(const base::Arguments& arguments, std::size_t n) {
  const auto degree = static_cast<std::size_t>(arguments.integer("degree"));
  if (n < 3) {
    throw base::OperatorError(
        fmt::format("{} needs at least 3 peers, the swarm has {}: use ring", arguments.canonical(), n));
  }
  const std::size_t largest = (n - 1) / 2 * 2;
  if (degree % 2 != 0) {
    throw base::OperatorError(fmt::format("{}: the degree must be even, half of it on each side: use degree={}",
                                          arguments.canonical(), std::min(degree + 1, largest)));
  }
  if (degree > largest) {
    throw base::OperatorError(fmt::format("{} needs more than {} peers, the swarm has {}: use degree={} or less",
                                          arguments.canonical(), degree, n, largest));
  }
  return degree;
}

Graph make(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) {
  const std::size_t degree = fitting_degree(arguments, n);
  const double p = arguments.real("p");
  auto graph = draw_connected(seed, [&](base::Random& random) { return draw(random, n, degree, p); });
  if (graph) return *std::move(graph);
  throw base::OperatorError(
      fmt::format("{} gave no connected graph on {} peers in {} draws: use a smaller p, or a larger degree",
                  arguments.canonical(), n, kMaxDraws));
}

}  // namespace

const GraphRow& watts_strogatz_family() {
  static constexpr GraphRow row{
      .name = "watts-strogatz",
      .summary =
          "a ring with neighbours up to degree/2 places away, each edge rewired with probability p; drawn again "
          "until connected",
      .parameters = kParameters,
      .make = make,
      .places = places_on_a_circle};
  return row;
}

}  // namespace parley::topology
