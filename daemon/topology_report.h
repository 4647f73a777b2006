// What `parley topology show` says of a graph.
#pragma once

#include <string>
#include <vector>

#include "daemon/config.h"

namespace parley::daemon {

struct TopologyQuestion {
  std::string graph, weights;      ///< specs
  std::vector<std::string> names;  ///< of the peers, in order
  std::uint64_t seed = 1;
};

/// Degrees, diameter, spectrum and each peer's neighbours. Throws base::OperatorError for specs that are refused or do
/// not fit; a disconnected graph is described, not refused.
std::string topology_text(const TopologyQuestion& question);
std::string topology_json(const TopologyQuestion& question);

}  // namespace parley::daemon
