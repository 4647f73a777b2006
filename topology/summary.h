// Everything that is said of a topology before a swarm starts on it.
#pragma once

#include <cstddef>
#include <optional>

#include "base/ids.h"
#include "topology/graph.h"
#include "topology/mixing_matrix.h"

namespace parley::topology {

struct Summary {
  Shape shape;
  /// Nothing if W is not symmetric (uniform weights on an irregular graph): its eigenvalues then bound nothing.
  std::optional<Spectrum> spectrum;
  /// Rounds of plain mixing that shrink the consensus distance to a thousandth: ln(1000) / -ln(1 - gap), at least 1.
  /// Nothing if there is no spectrum or the gap is zero, so that the models never agree.
  std::optional<double> rounds_to_a_thousandth;
  std::size_t messages_per_round = 0;  ///< of the whole swarm, with one exchange a round: one each way along every edge
  base::PeerId busiest_peer;           ///< has the largest degree; the first of several
};

Summary summarise(const Graph& graph, const WeightRule& rule);

}  // namespace parley::topology
