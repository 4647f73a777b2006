// A whole swarm file in one process and virtual time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>

#include "daemon/config.h"
#include "daemon/report.h"
#include "wire/control.h"

namespace parley::daemon {

struct SimulationOptions {
  /// Where to write a line {"round","peer","x":[...]} per peer and round, 9 significant digits, from round 0, the
  /// initial models, on. For small models: a line has d numbers.
  std::optional<std::filesystem::path> trace;
  /// Called a few times a second with what the peers are doing; false ends the simulation early.
  std::function<bool(std::span<const wire::PeerStatus> peers, double seconds)> on_progress;
};

/// Runs the swarm to its end. The models are those that real daemons would end with, to the bit. Throws
/// base::OperatorError as a daemon would, and gossip::Diverged never: a peer that diverged is in state failed in the
/// report.
SwarmReport simulate_swarm(const Config& config, const SimulationOptions& options);

}  // namespace parley::daemon
