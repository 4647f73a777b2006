#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "daemon/catalogue.h"
#include "daemon/commands/commands.h"

namespace parley::daemon {

void add_algorithms_command(CLI::App& parley, CommandContext& context) {
  CLI::App* command = parley.add_subcommand("algorithms", "Lists the decentralised algorithms");
  command->footer("An algorithm is named in a swarm file as gossip.algorithm = \"choco(gamma=auto)\".");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "As JSON");
  command->callback([json, &context] { context.out << (*json ? algorithms_json() : algorithms_text()); });
}

}  // namespace parley::daemon
