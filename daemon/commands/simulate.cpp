#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "daemon/commands/commands.h"
#include "daemon/progress.h"
#include "daemon/report.h"
#include "daemon/signals.h"
#include "daemon/simulated_swarm.h"
#include "daemon/status_table.h"

namespace parley::daemon {
namespace {

struct SimulateArguments {
  ConfigArguments config;
  std::string trace;
  bool json = false;
};

/// The first peer that has failed, or nothing.
const wire::PeerStatus* failed_peer(const SwarmReport& report) {
  for (const wire::PeerStatus& peer : report.peers) {
    if (!peer.failure.empty()) return &peer;
  }
  return nullptr;
}

void run(const SimulateArguments& arguments, CommandContext& context) {
  const Config config = arguments.config.load(context.environment);
  if (config.swarm.max_seconds) {
    fmt::print(stderr, "parley: swarm.max_seconds ends real runs only: a simulation does all of its rounds\n");
  }
  SignalWatch signals({SIGINT, SIGTERM});
  bool interrupted = false;
  SimulationOptions options;
  if (!arguments.trace.empty()) options.trace = arguments.trace;
  SwarmReport report;
  {
    Progress progress(stderr, terminal_width(STDERR_FILENO));
    options.on_progress = [&](std::span<const wire::PeerStatus> peers, double seconds) {
      SwarmProgress sum = summarise(peers, config.roster.size());
      sum.seconds = seconds;
      progress.show(sum);
      interrupted = signals.take().has_value();
      return !interrupted;
    };
    report = simulate_swarm(config, options);
  }
  if (const wire::PeerStatus* failed = failed_peer(report)) {
    context.exit_code = kExitFailed;
    fmt::print(stderr, "parley: error: {} failed: {}\n", failed->name, failed->failure);
    return;
  }
  if (interrupted) context.exit_code = kExitFailed;
  if (arguments.json) {
    context.out << json_text(swarm_object(report)) << '\n';
    return;
  }
  context.out << result_text(report.peers, terminal_width(STDOUT_FILENO))
              << fmt::format("{} after {} rounds, {:.1f} s of virtual time and {:.1f} s; configuration {}\n",
                             interrupted ? "interrupted" : "done", report.rounds, *report.virtual_seconds,
                             report.seconds, report.config_hash);
}

}  // namespace

void add_simulate_command(CLI::App& parley, CommandContext& context) {
  CLI::App* command =
      parley.add_subcommand("simulate", "Trains in one process and virtual time, with the same numbers");
  auto arguments = std::make_shared<SimulateArguments>();
  add_config_arguments(*command, arguments->config, context.environment);
  command->add_option("--trace", arguments->trace, "Writes every peer's model after every round, a JSON line each")
      ->type_name("FILE");
  command->add_flag("--json", arguments->json, "Prints one JSON document with the results, and nothing else");
  command->footer(
      "Example:\n"
      "  parley simulate swarm.toml --set simulation.latency=20ms --set simulation.bandwidth=100Mbit\n"
      "\n"
      "The models are those that `parley swarm` ends with, to the bit: compare model_hash.");
  command->callback([arguments, &context] { run(*arguments, context); });
}

}  // namespace parley::daemon
