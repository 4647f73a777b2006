// The commands of parley, one file each. See Command in daemon/command_line.h.
#pragma once

#include "daemon/command_line.h"

namespace parley::daemon {

void add_compose_command(CLI::App& parley, CommandContext& context);
void add_compressors_command(CLI::App& parley, CommandContext& context);
void add_config_command(CLI::App& parley, CommandContext& context);
void add_topology_command(CLI::App& parley, CommandContext& context);
void add_version_command(CLI::App& parley, CommandContext& context);

}  // namespace parley::daemon
