#include "daemon/swarm.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "daemon/commands/commands.h"
#include "daemon/process.h"
#include "daemon/runtime_directory.h"
#include "daemon/status_table.h"
#include "daemon/swarm_plan.h"

namespace parley::daemon {
namespace {

struct SwarmArguments {
  ConfigArguments config;
  std::string run_directory;
  bool json = false;
  bool keep = false;
};

void run(const SwarmArguments& arguments, CommandContext& context) {
  const Config config = arguments.config.load(context.environment);
  SwarmSettings settings{.overrides = arguments.config.all_overrides(),
                         .directory = std::nullopt,
                         .parleyd = program_beside_this("parleyd"),
                         .runtime_directory = runtime_directory(context.environment),
                         .keep = arguments.keep};
  if (!arguments.run_directory.empty()) settings.directory = arguments.run_directory;
  const PreparedSwarm prepared = prepare_swarm(config, settings);

  SwarmOutcome outcome;
  {
    Progress progress(stderr, terminal_width(STDERR_FILENO));
    progress.say(fmt::format("{} peers of {}, results in {}", prepared.plan.peers.size(), prepared.plan.swarm,
                             prepared.plan.run_directory.string()));
    outcome = run_swarm(prepared.plan, progress);
  }
  context.exit_code = outcome.exit_code;
  if (!outcome.error.empty()) fmt::print(stderr, "parley: error: {}\n", outcome.error);
  // A document of a run that failed could be taken for that of one that did not; what there is lies in the run
  // directory.
  if (outcome.exit_code != kExitClean) return;
  if (arguments.json) {
    context.out << json_text(swarm_object(outcome.report)) << '\n';
    return;
  }
  const std::size_t width = terminal_width(STDOUT_FILENO);
  context.out << result_text(outcome.report.peers, width)
              << fmt::format("{} after {} rounds and {:.1f} s; configuration {}\n",
                             outcome.interrupted ? "stopped" : "done", outcome.report.rounds, outcome.report.seconds,
                             outcome.report.config_hash);
}

}  // namespace

void add_swarm_command(CLI::App& parley, CommandContext& context) {
  CLI::App* command = parley.add_subcommand("swarm", "Trains for real: one daemon a peer, on this machine");
  auto arguments = std::make_shared<SwarmArguments>();
  add_config_arguments(*command, arguments->config, context.environment);
  command->add_option("--run-dir", arguments->run_directory, "Directory for logs, metrics and models (runs/NAME-TIME)")
      ->type_name("DIR");
  command->add_flag("--json", arguments->json, "Prints one JSON document with the results, and nothing else");
  command->add_flag("--keep", arguments->keep, "Peers answer `parley status` after their last round, until Ctrl-C");
  command->footer(
      "Example:\n"
      "  parley swarm swarm.toml --peers 8 --set swarm.rounds=200\n"
      "\n"
      "Ctrl-C lets the peers finish their round; a second one kills them. If a daemon fails, all others\n"
      "are stopped, and its exit code (1, 2 or 3) is that of this command.");
  command->callback([arguments, &context] { run(*arguments, context); });
}

}  // namespace parley::daemon
