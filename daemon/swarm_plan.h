// From a swarm file to the daemons that `parley swarm` starts for it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config.h"
#include "daemon/port_reservation.h"
#include "daemon/swarm.h"

namespace parley::daemon {

struct SwarmSettings {
  std::vector<std::string> overrides;              ///< as the operator gave them
  std::optional<std::filesystem::path> directory;  ///< of the run, as the operator gave it
  std::filesystem::path parleyd;                   ///< the program
  std::filesystem::path runtime_directory;         ///< for the control sockets
  bool keep = false;                               ///< peers answer on after their last round, until they are stopped
};

/// A plan, and what must be held while the daemons run.
struct PreparedSwarm {
  SwarmPlan plan;
  std::optional<PortReservation> ports;  ///< only if swarm.base_port is 0 and the file gives no addresses
};

/// Takes ports, makes the run directory and says how each peer is started: with the operator's overrides, then those
/// that a swarm on one machine needs. The run directory is `directory`, else metrics.run_dir if that is not its
/// default, else runs/<swarm>-<time>. Throws base::OperatorError, for example for a peer whose address is not on this
/// machine.
PreparedSwarm prepare_swarm(const Config& config, const SwarmSettings& settings);

}  // namespace parley::daemon
