#include "topology/mixing_matrix.h"

#include <array>

#include "base/error.h"
#include "topology/weights/weights.h"

namespace parley::topology {

std::span<const WeightRow> weight_registry() {
  static const std::array rows{metropolis_weights(), max_degree_weights(), uniform_weights()};
  return rows;
}

std::unique_ptr<WeightRule> make_weight_rule(std::string_view spec, const Graph& graph) {
  const base::Spec parsed = base::parse_spec(spec);
  const WeightRow& row = base::find_row(weight_registry(), "weight rule", parsed.name);
  return row.make(base::Arguments(parsed, row.parameters), graph);
}

MixingMatrix mixing_matrix(const Graph& graph, const WeightRule& rule) {
  const std::size_t n = num_vertices(graph);
  std::vector<Eigen::Triplet<double>> entries;
  entries.reserve(n + 2 * num_edges(graph));
  for (std::uint32_t i = 0; i < n; ++i) {
    double given_away = 0;
    const Neighbourhood neighbours = neighbourhood(graph, {i});
    for (const base::PeerId j : neighbours.in) {
      const double w_ij = rule.weight(
          {.from = j, .to = {i}, .from_degree = out_degree(j.value, graph), .to_degree = neighbours.in.size()});
      entries.emplace_back(static_cast<int>(i), static_cast<int>(j.value), w_ij);
      given_away += w_ij;
    }
    entries.emplace_back(static_cast<int>(i), static_cast<int>(i), 1.0 - given_away);
  }
  const auto size = static_cast<Eigen::Index>(n);
  MixingMatrix W(size, size);
  W.setFromTriplets(entries.begin(), entries.end());
  return W;
}

}  // namespace parley::topology
