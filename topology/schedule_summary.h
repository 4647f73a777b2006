// Everything that is said of a schedule before a swarm starts on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "topology/contraction.h"
#include "topology/mixing_matrix.h"
#include "topology/schedule.h"

namespace parley::topology {

struct ScheduleSummary {
  std::string spec;
  std::size_t peers = 0;
  std::uint64_t period = 0;
  bool directed = false;
  /// What follows was measured on rounds 0 ... rounds - 1; all_rounds if they are a whole period.
  std::uint64_t rounds = 0;
  bool all_rounds = false;

  std::size_t min_degree = 0, max_degree = 0;  ///< peers that one sends to in a round
  double messages_per_round = 0;               ///< of the whole swarm, with one exchange a round, on average
  base::PeerId busiest_peer;                   ///< sends and receives most; the first of several
  double busiest_messages = 0;                 ///< what it sends and receives in a round, on average
  std::size_t most_links = 0;                  ///< the most peers that one ever exchanges with

  bool symmetric = false;                     ///< W of every round
  bool doubly_stochastic = false;             ///< W of every round: mixing keeps the average
  std::optional<std::uint64_t> joint_window;  ///< any so many rounds in a row connect all peers
  Contraction over_rounds;                    ///< of all the rounds together
  /// What a round leaves of disagreement on average, over_rounds.norm^(1/rounds).
  std::optional<double> per_round;
  /// Of the squared distance, by 500 rounds or more; for schedules without a period, on up to 500 peers.
  std::optional<double> mean_square;
  /// Until a thousandth is left of the distance: counted round by round on up to 200 peers and in up to 2000 rounds,
  /// reckoned from per_round beyond. Nothing if it does not shrink, or rows do not sum to one.
  std::optional<double> rounds_to_a_thousandth;
};

/// Of `sampled_rounds` rounds, or a period if that is shorter.
ScheduleSummary summarise(const Schedule& schedule, const WeightRule& rule, std::uint64_t sampled_rounds = 64);

}  // namespace parley::topology
