// What a graph costs in bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "daemon/topology_question.h"
#include "topology/summary.h"

namespace parley::daemon {

/// Of payload, with one exchange a round.
struct TopologyCost {
  std::size_t parameters = 0;  ///< of the model
  std::string op;              ///< compression operator; "none" if models are sent whole
  double message_bytes = 0;
  double busiest_bytes = 0;  ///< that the busiest peer sends in a round
  double swarm_bytes = 0;    ///< that all peers send in a round
  std::optional<double> busiest_bytes_to_a_thousandth;
};

TopologyCost topology_cost(const topology::Summary& summary, std::size_t parameters, std::string op,
                           double message_bytes);

/// For models of `model_size` parameters sent whole if that is given; else for the model and the operator of the swarm
/// file, which reads its data; nothing if neither is there. Throws base::OperatorError if the file's data or model are
/// refused.
std::optional<TopologyCost> topology_cost(const TopologyQuestion& question, const topology::Summary& summary,
                                          std::optional<std::size_t> model_size);

}  // namespace parley::daemon
