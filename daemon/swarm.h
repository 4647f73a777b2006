// Runs a swarm of real daemons on this machine: starts them, watches them, ends them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "daemon/progress.h"
#include "daemon/report.h"

namespace parley::daemon {

struct SwarmPeer {
  std::string name;
  std::vector<std::string> arguments;  ///< of its daemon, the path of the program first
  std::string control_endpoint;        ///< where it will answer
};

struct SwarmPlan {
  std::string swarm;
  std::string config_hash;
  std::vector<SwarmPeer> peers;
  std::filesystem::path run_directory;  ///< each peer writes into a directory of its own in it, which is there
  std::chrono::milliseconds drain_timeout{10000};  ///< what peers get between SIGTERM and SIGKILL
  std::chrono::milliseconds poll_every{500};       ///< how often they are asked for their status
};

struct SwarmOutcome {
  SwarmReport report;  ///< of peers that left no result, what they last said
  int exit_code = 0;   ///< 0; 1 failed; 2 and 3 as the first daemon that failed said
  std::string error;   ///< what failed, with the end of the log; empty if nothing did
  bool interrupted = false;
};

/// Starts the daemons and returns when all have ended; none outlives the call, nor the calling thread. SIGINT, SIGTERM
/// and SIGHUP let them finish their round; the same again, or the end of drain_timeout, kills them. If one fails, the
/// others are stopped. Outputs go to RUN/<peer>/log.txt. Throws base::OperatorError if a daemon cannot be started, or
/// one already answers at the control endpoint of a peer.
SwarmOutcome run_swarm(const SwarmPlan& plan, Progress& progress);

}  // namespace parley::daemon
