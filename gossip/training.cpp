#include "gossip/training.h"

#include <limits>

namespace parley::gossip {

Task<> train(Node& node, Algorithm& algorithm, Plan plan, const bool& stop) {
  algorithm.start(node);
  bool reached = false;
  while (!stop && !reached && (plan.rounds == 0 || node.round().value < plan.rounds)) {
    co_await algorithm.round(node);
    RoundReport report{.round = node.round(),
                       .loss = node.last_loss(),
                       .evaluation = std::nullopt,
                       .consensus_distance = std::numeric_limits<double>::quiet_NaN()};
    const std::uint64_t done = node.round().value + 1;
    const bool last = done == plan.rounds || stop;
    if (last || (plan.evaluate_every > 0 && done % plan.evaluate_every == 0)) {
      report.consensus_distance = algorithm.consensus_distance(node);
      report.evaluation = co_await node.evaluation();
      reached = plan.target_accuracy && report.evaluation->test_accuracy >= *plan.target_accuracy;
    }
    node.finish_round();
    node.report(report);
  }
}

}  // namespace parley::gossip
