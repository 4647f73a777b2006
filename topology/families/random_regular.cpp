#include <numeric>

#include "base/error.h"
#include "topology/families/edge_set.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "degree",
     .kind = base::ParameterKind::integer,
     .low = 1,
     .high = 1 << 20,
     .help = "neighbours of every peer",
     .required = true},
};

bool any_pair_fits(std::span<const std::size_t> points, const EdgeSet& edges) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = i + 1; j < points.size(); ++j) {
      if (points[i] != points[j] && !edges.contains(points[i], points[j])) return true;
    }
  }
  return false;
}

/// Up to this degree a pairing with a loop or a parallel edge is thrown away whole, which makes every graph equally
/// likely. It takes about exp((degree^2 - 1) / 4) tries, which soon is too many.
constexpr std::size_t kLargestUniform = 3;

/// Pairs the n * degree free ends at random, and those that would make a loop or a parallel edge again among themselves
/// (after Steger and Wormald 1999: nearly uniform on large swarms). Nothing if the last ends cannot be paired.
std::optional<std::vector<Edge>> pair_ends(base::Random& random, std::size_t n, std::size_t degree) {
  std::vector<std::size_t> points(n * degree);
  for (std::size_t i = 0; i < points.size(); ++i) points[i] = i % n;
  EdgeSet taken(n);
  std::vector<Edge> edges;
  while (!points.empty()) {
    random.shuffle(std::span(points));
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i + 1 < points.size(); i += 2) {
      const auto [a, b] = std::pair(points[i], points[i + 1]);
      if (a != b && taken.insert(a, b)) {
        edges.emplace_back(a, b);
      } else {
        left.insert(left.end(), {a, b});
      }
    }
    if (!left.empty() && degree <= kLargestUniform) return std::nullopt;
    if (left.size() == points.size() && !any_pair_fits(left, taken)) return std::nullopt;
    points = std::move(left);
  }
  return edges;
}

std::vector<Edge> complement(std::size_t n, const std::vector<Edge>& edges) {
  EdgeSet taken(n);
  for (const auto& [a, b] : edges) taken.insert(a, b);
  std::vector<Edge> others;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      if (!taken.contains(i, j)) others.emplace_back(i, j);
    }
  }
  return others;
}

/// A connected graph of degree 2 is a ring through all peers in some order; drawing until one turns up would take long.
std::vector<Edge> ring_in_random_order(base::Random& random, std::size_t n) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  random.shuffle(std::span(order));
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < n; ++i) edges.emplace_back(order[i], order[(i + 1) % n]);
  return edges;
}

std::optional<Graph> draw(base::Random& random, std::size_t n, std::size_t degree) {
  if (degree == 2) return simple_graph(n, ring_in_random_order(random, n));
  const std::size_t missing = n - 1 - degree;  // a dense graph is drawn by what it lacks: far fewer dead ends
  const bool dense = missing < degree;
  std::optional<std::vector<Edge>> edges = pair_ends(random, n, dense ? missing : degree);
  if (!edges) return std::nullopt;
  return simple_graph(n, dense ? complement(n, *edges) : *std::move(edges));
}

void require_fit(const base::Arguments& arguments, std::size_t n, std::size_t degree) {
  const std::string spec = arguments.canonical();
  if (degree >= n) {
    throw base::OperatorError(fmt::format("{} needs more than {} peers, the swarm has {}: use degree={} or less", spec,
                                          degree, n, n > 1 ? n - 1 : 1) +
                              (n == 1 ? ", and at least 2 peers" : ""));
  }
  if (degree == 1 && n > 2)
    throw base::OperatorError(fmt::format("{} only joins {} peers in pairs: use degree=2 or more", spec, n));
  if (n * degree % 2 != 0) {
    throw base::OperatorError(
        fmt::format("{}: {} peers cannot all have {} neighbours, since {} x {} is odd: use degree={}", spec, n, degree,
                    n, degree, degree + 1 < n ? degree + 1 : degree - 1));
  }
}

Graph make(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) {
  const auto degree = static_cast<std::size_t>(arguments.integer("degree"));
  require_fit(arguments, n, degree);
  auto graph = draw_connected(seed, [&](base::Random& random) { return draw(random, n, degree); });
  if (graph) return *std::move(graph);
  throw base::OperatorError(fmt::format("{} gave no connected graph on {} peers in {} draws: use another swarm.seed",
                                        arguments.canonical(), n, kMaxDraws));
}

}  // namespace

const GraphRow& random_regular_family() {
  static constexpr GraphRow row{
      .name = "random-regular",
      .summary = "every peer has the same number of neighbours, chosen at random; drawn again until connected",
      .parameters = kParameters,
      .make = make};
  return row;
}

}  // namespace parley::topology
