#include <cmath>

#include "base/error.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "blocks",
     .kind = base::ParameterKind::integer,
     .low = 1,
     .high = 1 << 20,
     .help = "groups of consecutive peers, of equal size or one more",
     .required = true},
    {.name = "inside",
     .kind = base::ParameterKind::real,
     .low = 0,
     .high = 1,
     .help = "probability that two peers of one block are neighbours",
     .required = true},
    {.name = "between",
     .kind = base::ParameterKind::real,
     .low = 0,
     .high = 1,
     .help = "probability that two peers of different blocks are neighbours",
     .required = true},
};

/// One draw, pair by pair in ascending order of both peers.
std::optional<Graph> draw(base::Random& random, std::size_t n, std::size_t blocks, double inside, double between) {
  std::vector<Edge> edges;
  std::vector<bool> has_neighbour(n, n == 1);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      const bool same_block = i * blocks / n == j * blocks / n;
      if (random.uniform_double() >= (same_block ? inside : between)) continue;
      edges.emplace_back(i, j);
      has_neighbour[i] = has_neighbour[j] = true;
    }
    if (!has_neighbour[i]) return std::nullopt;
  }
  return simple_graph(n, std::move(edges));
}

[[noreturn]] void refuse(const base::Arguments& arguments, std::size_t n, std::size_t blocks) {
  const std::string found =
      fmt::format("{} gave no connected graph on {} peers in {} draws", arguments.canonical(), n, kMaxDraws);
  if (blocks > 1 && arguments.real("between") == 0)
    throw base::OperatorError(fmt::format("{}: between=0 never joins two blocks, raise it", found));
  const auto peers = static_cast<double>(n);
  const double block = peers / static_cast<double>(blocks);
  const double degree = (block - 1) * arguments.real("inside") + (peers - block) * arguments.real("between");
  throw base::OperatorError(fmt::format(
      "{}: peers have {:.2g} neighbours on average, most draws are connected from {:.2g} on and with some edges from "
      "every block to others; raise inside or between",
      found, degree, 1.5 * std::log(peers)));
}

Graph make(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) {
  const auto blocks = static_cast<std::size_t>(arguments.integer("blocks"));
  if (blocks > n) {
    throw base::OperatorError(
        fmt::format("{} has more blocks than the swarm has peers: use blocks={} or less", arguments.canonical(), n));
  }
  const double inside = arguments.real("inside");
  const double between = arguments.real("between");
  auto graph = draw_connected(seed, [&](base::Random& random) { return draw(random, n, blocks, inside, between); });
  if (!graph) refuse(arguments, n, blocks);
  return *std::move(graph);
}

}  // namespace

const GraphRow& stochastic_block_family() {
  static constexpr GraphRow row{
      .name = "stochastic-block",
      .summary = "groups with many edges inside and few between, each drawn at random; drawn again until connected",
      .parameters = kParameters,
      .make = make};
  return row;
}

}  // namespace parley::topology
