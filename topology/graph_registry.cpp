#include <array>
#include <limits>

#include "base/error.h"
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
      file_family(),
  };
  return rows;
}

Graph make_graph(std::string_view spec, std::size_t n, std::uint64_t seed) {
  PARLEY_CHECK(n >= 1 && n <= std::numeric_limits<std::uint32_t>::max(), n);
  const base::Spec parsed = base::parse_spec(spec);
  const GraphRow& row = base::find_row(graph_registry(), "graph", parsed.name);
  return row.make(base::Arguments(parsed, row.parameters), n, seed);
}

std::string canonical_graph_spec(std::string_view spec) {
  const base::Spec parsed = base::parse_spec(spec);
  const GraphRow& row = base::find_row(graph_registry(), "graph", parsed.name);
  return base::Arguments(parsed, row.parameters).canonical();
}

}  // namespace parley::topology
