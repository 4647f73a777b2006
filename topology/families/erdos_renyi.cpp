#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "p",
     .kind = base::ParameterKind::real,
     .low = 0,
     .high = 1,
     .help = "probability that two peers are neighbours",
     .required = true},
};

/// One draw of G(n, p), pair by pair; nothing as soon as a peer is left alone. Skipping along the pairs by logarithms
/// would be faster, but a logarithm's last bit depends on the C library, and all peers must draw the same graph.
std::optional<Graph> draw(base::Random& random, std::size_t n, double p) {
  std::vector<Edge> edges;
  std::vector<bool> has_neighbour(n, n == 1);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      if (random.uniform_double() >= p) continue;
      edges.emplace_back(i, j);
      has_neighbour[i] = has_neighbour[j] = true;
    }
    if (!has_neighbour[i]) return std::nullopt;
  }
  return simple_graph(n, std::move(edges));
}

Graph make(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) {
  const double p = arguments.real("p");
  auto graph = draw_connected(seed, [&](base::Random& random) { return draw(random, n, p); });
  if (graph) return *std::move(graph);
  const double peers = static_cast<double>(n);
  const double likely = std::min(1.0, 1.5 * std::log(peers) / peers);
  throw base::OperatorError(
      fmt::format("{} gave no connected graph on {} peers in {} draws: most draws are connected from p={} on",
                  arguments.canonical(), n, kMaxDraws, std::ceil(likely * 1000) / 1000));
}

}  // namespace

const GraphRow& erdos_renyi_family() {
  static constexpr GraphRow row{
      .name = "erdos-renyi",
      .summary = "every two peers are neighbours with probability p; drawn again until connected",
      .parameters = kParameters,
      .make = make};
  return row;
}

}  // namespace parley::topology
