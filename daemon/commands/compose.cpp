#include "daemon/compose.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "daemon/commands/commands.h"

namespace parley::daemon {
namespace {

struct ComposeArguments {
  ConfigArguments config;
  std::string image = "parley";
};

}  // namespace

void add_compose_command(CLI::App& parley, CommandContext& context) {
  CLI::App* command = parley.add_subcommand("compose", "Prints a docker-compose.yml with a container for each peer");
  command->footer(
      "Example:\n"
      "  parley compose swarm.toml --set swarm.rounds=2000 > docker-compose.yml && docker-compose up\n"
      "\n"
      "Paths in it are as in the swarm file: keep it in the directory where this command ran.");
  auto arguments = std::make_shared<ComposeArguments>();
  add_config_arguments(*command, arguments->config, context.environment);
  command->add_option("--image", arguments->image, "The image, built from docker/Dockerfile")
      ->type_name("NAME")
      ->capture_default_str();
  command->callback([arguments, &context] {
    context.out << compose_file(arguments->config.load(context.environment), arguments->image);
  });
}

}  // namespace parley::daemon
