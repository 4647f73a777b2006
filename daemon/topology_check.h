// Whether an algorithm can run on a topology: `parley topology check`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/topology_question.h"

namespace parley::daemon {

struct TopologyVerdict {
  std::string algorithm;             ///< canonical spec; empty: what every algorithm needs
  std::vector<std::string> held;     ///< what was looked at and is as it must be
  std::vector<std::string> reasons;  ///< why not, each with its remedy

  bool is_accepted() const { return reasons.empty(); }
};

/// Builds graph, schedule and weights and checks them as a daemon does before it opens a socket, but goes on after the
/// first fault. `algorithm`: a spec; nothing: that of the swarm file, if it is one. Throws base::OperatorError for an
/// algorithm that there is not.
TopologyVerdict check_topology(const TopologyQuestion& question, const std::optional<std::string>& algorithm);
std::string verdict_text(const TopologyQuestion& question, const TopologyVerdict& verdict);
std::string verdict_json(const TopologyQuestion& question, const TopologyVerdict& verdict);

}  // namespace parley::daemon
