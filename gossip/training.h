// The life of a peer: round after round, with an evaluation now and then.
#pragma once

#include <cstdint>
#include <optional>

#include "gossip/algorithm.h"
#include "gossip/node.h"
#include "gossip/task.h"

namespace parley::gossip {

struct Plan {
  std::uint64_t rounds = 0;  ///< the run ends after this many; 0: it goes on until it is stopped
  /// Rounds between two evaluations; the last round is always evaluated. 0: only that one.
  std::uint64_t evaluate_every = 0;
  /// The run ends when an evaluation reaches this test accuracy.
  std::optional<double> target_accuracy = std::nullopt;
};

/// Trains until the plan is fulfilled or `stop` turns true, which is looked at between rounds. Reports every round to
/// the node's host. Throws Diverged. References outlive the task.
Task<> train(Node& node, Algorithm& algorithm, Plan plan, const bool& stop);

}  // namespace parley::gossip
