#include <numeric>

#include "base/error.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "offsets",
     .kind = base::ParameterKind::integer,
     .low = 1,
     .high = 1 << 20,
     .help = "random distances around the circle at which peers are neighbours, in both directions",
     .required = true},
};

/// The distances 1 ... (n-1)/2 in random order, of which the first are taken. Half way around stays out: it is its own
/// way back, and would be one neighbour where all others are two.
Graph draw(base::Random& random, std::size_t n, std::size_t count) {
  std::vector<std::size_t> offsets(std::max<std::size_t>(1, (n - 1) / 2));
  std::iota(offsets.begin(), offsets.end(), std::size_t{1});
  random.shuffle(std::span(offsets));
  std::vector<Edge> edges;
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t i = 0; i < n; ++i) edges.emplace_back(i, (i + offsets[k]) % n);
  }
  return simple_graph(n, std::move(edges));
}

Graph make(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) {
  const auto count = static_cast<std::size_t>(arguments.integer("offsets"));
  if (n < 2)
    throw base::OperatorError(fmt::format("{} needs at least 2 peers, the swarm has one", arguments.canonical()));
  const std::size_t most = std::max<std::size_t>(1, (n - 1) / 2);
  if (count > most) {
    throw base::OperatorError(
        fmt::format("{}: {} peers on a circle have {} different distances: use offsets={} or "
                    "less, or graph = \"complete\"",
                    arguments.canonical(), n, most, most));
  }
  auto graph = draw_connected(seed, [&](base::Random& random) { return draw(random, n, count); });
  if (graph) return *std::move(graph);
  throw base::OperatorError(
      fmt::format("{} gave no connected graph on {} peers in {} draws: use more offsets, or another swarm.seed",
                  arguments.canonical(), n, kMaxDraws));
}

}  // namespace

const GraphRow& u_equistatic_family() {
  static constexpr GraphRow row{
      .name = "u-equistatic",
      .summary =
          "neighbours are some random distances away around a circle, in both directions; drawn again until "
          "connected",
      .parameters = kParameters,
      .make = make,
      .places = places_on_a_circle};
  return row;
}

}  // namespace parley::topology
