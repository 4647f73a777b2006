// What an algorithm needs of a schedule and its weights, checked before a byte is sent.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "topology/mixing_matrix.h"
#include "topology/schedule.h"

namespace parley::topology {

struct ScheduleRequirements {
  Requirements matrix = {};  ///< of W in every round
  bool is_static = false;    ///< the same graph in every round
  bool undirected = false;   ///< who sends also hears, in every round
  bool tree = false;         ///< the graph of every round is a tree
  bool bipartite = false;    ///< the graph of every round has two sides with no edge inside either
  /// Any so many rounds in a row connect all peers together; 0: any number will do, as long as there is one.
  std::uint64_t connected_within = 0;
};

/// What was looked at, and found.
struct ScheduleCheck {
  std::uint64_t rounds = 0;  ///< from round 0 on
  bool all_rounds = false;   ///< they are a whole period; otherwise the rounds that come later were not seen
  std::uint64_t window = 0;  ///< the smallest B such that any B rounds in a row connect all peers together
};

/// How many rounds are looked at where a period has more, or there is none.
inline constexpr std::uint64_t kSampledRounds = 128;

/// Throws base::OperatorError that names the round (if the schedule has several) and what is wrong in it: the row and
/// its sum, the arc without its reverse, the edges that close a cycle, the peers that are left out; and the remedy.
/// Checked: there are as many names as peers.
ScheduleCheck validate(const Schedule& schedule, const WeightRule& rule, const ScheduleRequirements& needed,
                       std::span<const std::string> names, std::uint64_t sampled_rounds = kSampledRounds);

}  // namespace parley::topology
