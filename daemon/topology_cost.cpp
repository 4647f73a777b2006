#include "daemon/topology_cost.h"

#include "daemon/plan.h"

namespace parley::daemon {

TopologyCost topology_cost(const topology::Summary& summary, std::size_t parameters, std::string op,
                           double message_bytes) {
  TopologyCost cost{.parameters = parameters,
                    .op = std::move(op),
                    .message_bytes = message_bytes,
                    .busiest_bytes = static_cast<double>(summary.shape.max_degree) * message_bytes,
                    .swarm_bytes = static_cast<double>(summary.messages_per_round) * message_bytes,
                    .busiest_bytes_to_a_thousandth = {}};
  if (summary.rounds_to_a_thousandth)
    cost.busiest_bytes_to_a_thousandth = cost.busiest_bytes * *summary.rounds_to_a_thousandth;
  return cost;
}

std::optional<TopologyCost> topology_cost(const TopologyQuestion& question, const topology::Summary& summary,
                                          std::optional<std::size_t> model_size) {
  if (model_size) return topology_cost(summary, *model_size, "none", static_cast<double>(*model_size) * sizeof(float));
  if (!question.config) return std::nullopt;
  const Plan plan = make_plan(*question.config, base::PeerId{});
  return topology_cost(summary, plan.d, plan.op, plan.message_bytes);
}

}  // namespace parley::daemon
