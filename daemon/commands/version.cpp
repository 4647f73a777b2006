#include "daemon/version.h"

#include <CLI/CLI.hpp>
#include <ostream>

#include "daemon/commands/commands.h"

namespace parley::daemon {

void add_version_command(CLI::App& parley, CommandContext& context) {
  CLI::App* command = parley.add_subcommand("version", "Prints the version and what it was built with");
  command->callback([&context] { context.out << version_text(); });
}

}  // namespace parley::daemon
