// Several graphs on the same peers, side by side: `parley topology compare`.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "daemon/topology_cost.h"
#include "topology/summary.h"

namespace parley::daemon {

/// One graph of a comparison.
struct ComparedTopology {
  std::string graph;    ///< canonical spec, or as given if it is refused
  std::string refusal;  ///< why it cannot be on so many peers; empty: it can
  topology::Summary summary;
  TopologyCost cost;  ///< of models sent whole
};

struct TopologyComparison {
  std::size_t peers = 0, model_size = 0;
  std::string weights;
  std::vector<ComparedTopology> rows;  ///< in the order in which they were named

  bool has_refusal() const;
};

/// Throws base::OperatorError for a weight rule that there is not. A graph that is refused becomes a row that says so.
TopologyComparison compare_topologies(const std::vector<std::string>& graphs, std::size_t n, std::uint64_t seed,
                                      const std::string& weights, std::size_t model_size);
std::string comparison_text(const TopologyComparison& comparison);
std::string comparison_json(const TopologyComparison& comparison);

}  // namespace parley::daemon
