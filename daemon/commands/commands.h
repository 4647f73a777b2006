// The commands of parley, one file each. See Command in daemon/command_line.h.
#pragma once

#include "daemon/command_line.h"

namespace parley::daemon {

void add_algorithms_command(CLI::App& parley, CommandContext& context);
void add_compose_command(CLI::App& parley, CommandContext& context);
void add_compressors_command(CLI::App& parley, CommandContext& context);
void add_config_command(CLI::App& parley, CommandContext& context);
void add_simulate_command(CLI::App& parley, CommandContext& context);
void add_status_command(CLI::App& parley, CommandContext& context);
void add_stop_command(CLI::App& parley, CommandContext& context);
void add_swarm_command(CLI::App& parley, CommandContext& context);
void add_topology_command(CLI::App& parley, CommandContext& context);
void add_version_command(CLI::App& parley, CommandContext& context);

}  // namespace parley::daemon
