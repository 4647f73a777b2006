// parley: everything but being a peer.
#include <iostream>

#include "daemon/command_line.h"
#include "daemon/commands/commands.h"

int main(int argc, char** argv) {
  using namespace parley::daemon;
  // In the order in which --help lists them.
  constexpr Command kCommands[] = {
      {"swarm", add_swarm_command},
      {"simulate", add_simulate_command},
      {"status", add_status_command},
      {"stop", add_stop_command},
      {"config", add_config_command},
      {"topology", add_topology_command},
      {"compressors", add_compressors_command},
      {"algorithms", add_algorithms_command},
      {"compose", add_compose_command},
      {"version", add_version_command},
  };
  return guarded_main("parley", [&] {
    CommandContext context{.environment = process_environment(), .out = std::cout};
    return run_command_line(argc, argv, kCommands, context);
  });
}
