#include "topology/summary.h"

#include <algorithm>
#include <cmath>

namespace parley::topology {
namespace {

constexpr double kNoGap = 1e-12;  // what rounding leaves of a gap that is zero

double rounds_to_shrink(double factor, double gap) {
  if (gap >= 1) return 1;
  return std::max(1.0, std::log(factor) / -std::log1p(-gap));
}

base::PeerId busiest(const Graph& graph) {
  std::uint32_t busiest = 0;
  for (std::uint32_t i = 1; i < num_vertices(graph); ++i) {
    if (out_degree(i, graph) > out_degree(busiest, graph)) busiest = i;
  }
  return {busiest};
}

}  // namespace

Summary summarise(const Graph& graph, const WeightRule& rule) {
  Summary summary{.shape = shape(graph),
                  .spectrum = {},
                  .rounds_to_a_thousandth = {},
                  .messages_per_round = 2 * num_edges(graph),
                  .busiest_peer = busiest(graph)};
  const MixingMatrix W = mixing_matrix(graph, rule);
  if (is_symmetric(W)) {
    summary.spectrum = spectrum(W);
    if (summary.spectrum->gap > kNoGap) summary.rounds_to_a_thousandth = rounds_to_shrink(1000, summary.spectrum->gap);
  }
  return summary;
}

}  // namespace parley::topology
