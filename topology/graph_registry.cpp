#include <array>
#include <limits>

#include "base/error.h"
#include "topology/digraph.h"
#include "topology/families/families.h"
#include "topology/graph.h"

namespace parley::topology {

std::span<const GraphRow> graph_registry() {
  static const std::array rows{
      ring_family(),
      path_family(),
      star_family(),
      complete_family(),
      complete_bipartite_family(),
      tree_family(),
      grid_family(),
      torus_family(),
      hypercube_family(),
      hyper_hypercube_family(),
      exponential_family(),
      u_equistatic_family(),
      erdos_renyi_family(),
      random_regular_family(),
      watts_strogatz_family(),
      barabasi_albert_family(),
      stochastic_block_family(),
      random_geometric_family(),
      directed_ring_family(),
      directed_exponential_family(),
      d_equistatic_family(),
      file_family(),
  };
  return rows;
}

Graph make_graph(std::string_view spec, std::size_t n, std::uint64_t seed) {
  PARLEY_CHECK(n >= 1 && n <= std::numeric_limits<std::uint32_t>::max(), n);
  const base::Spec parsed = base::parse_spec(spec);
  const GraphRow& row = base::find_row(graph_registry(), "graph", parsed.name);
  const base::Arguments arguments(parsed, row.parameters);
  if (row.make == nullptr) {
    throw base::OperatorError(
        fmt::format("{} is a directed graph, and here every edge must go both ways: use an undirected one, such as "
                    "ring or exponential",
                    arguments.canonical()));
  }
  return row.make(arguments, n, seed);
}

bool is_directed_graph(std::string_view spec) {
  return base::find_row(graph_registry(), "graph", base::parse_spec(spec).name).make == nullptr;
}

Digraph make_digraph(std::string_view spec, std::size_t n, std::uint64_t seed) {
  const base::Spec parsed = base::parse_spec(spec);
  const GraphRow& row = base::find_row(graph_registry(), "graph", parsed.name);
  if (row.make != nullptr) return both_ways(make_graph(spec, n, seed));
  PARLEY_CHECK(n >= 1 && n <= std::numeric_limits<std::uint32_t>::max(), n);
  return row.make_directed(base::Arguments(parsed, row.parameters), n, seed);
}

std::string canonical_graph_spec(std::string_view spec) {
  const base::Spec parsed = base::parse_spec(spec);
  const GraphRow& row = base::find_row(graph_registry(), "graph", parsed.name);
  return base::Arguments(parsed, row.parameters).canonical();
}

}  // namespace parley::topology
