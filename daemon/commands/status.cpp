#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <span>

#include "daemon/commands/commands.h"
#include "daemon/control_client.h"
#include "daemon/progress.h"
#include "daemon/report.h"
#include "daemon/runtime_directory.h"
#include "daemon/signals.h"
#include "daemon/status_table.h"

namespace parley::daemon {
namespace {

using namespace std::chrono_literals;

struct StatusArguments {
  std::vector<std::string> peers;
  double timeout_seconds = 2;
  bool json = false, watch = false, quiet = false;
};

/// What was learned by asking once.
struct Answers {
  std::vector<wire::PeerStatus> peers;
  std::vector<std::string> silent;  ///< why those that did not answer did not
};

/// Whom to ask: those that were named, else whoever is there.
std::vector<std::string> endpoints_of(const StatusArguments& arguments, const std::filesystem::path& directory) {
  if (arguments.peers.empty()) return live_endpoints(directory);
  std::vector<std::string> endpoints;
  for (const std::string& peer : arguments.peers)
    for (std::string& endpoint : resolve_endpoints(peer, directory)) endpoints.push_back(std::move(endpoint));
  return endpoints;
}

Answers ask(std::span<const std::string> endpoints, double timeout_seconds, ControlClient& client) {
  const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(timeout_seconds));
  Answers answers;
  for (const auto& answer : client.ask_all(endpoints, wire::AskStatus{}, timeout)) {
    auto status = status_in(answer);
    if (status.ok())
      answers.peers.push_back(std::move(*status));
    else
      answers.silent.push_back(status.refusal().detail);
  }
  return answers;
}

std::string text_of(const Answers& answers, const StatusArguments& arguments) {
  if (!arguments.json) return answers.peers.empty() ? "" : status_text(answers.peers, terminal_width(STDOUT_FILENO));
  // A name that stands for a swarm gives an array even if one peer of it is left: what answers must not decide the
  // form.
  if (arguments.peers.size() == 1 && answers.peers.size() == 1) {
    const wire::PeerStatus& peer = answers.peers.front();
    const bool names_swarm = arguments.peers.front() == peer.swarm && peer.swarm != peer.name;
    if (!names_swarm) return json_text(status_object(peer)) + '\n';
  }
  Json all = Json::array();
  for (const wire::PeerStatus& peer : answers.peers) all.push_back(status_object(peer));
  return json_text(all) + '\n';
}

/// Ends on Ctrl-C, and when all are gone.
void watch(const StatusArguments& arguments, std::vector<std::string> endpoints, const std::filesystem::path& directory,
           std::ostream& out) {
  const bool terminal = terminal_width(STDOUT_FILENO) > 0;
  SignalWatch signals{SIGINT, SIGTERM};
  ControlClient client;
  for (;;) {
    const Answers answers = ask(endpoints, arguments.timeout_seconds, client);
    if (terminal) out << "\x1b[H\x1b[2J";
    out << text_of(answers, arguments);
    for (const std::string& why : answers.silent) out << why << '\n';
    out << std::flush;
    if (answers.peers.empty()) return;
    signals.wait(1s);
    if (signals.take()) return;
    if (arguments.peers.empty()) endpoints = live_endpoints(directory);
  }
}

/// What a health check wants to know.
bool all_well(const StatusArguments& arguments, const std::filesystem::path& directory) {
  try {
    const auto endpoints = endpoints_of(arguments, directory);
    ControlClient client;
    const Answers answers = ask(endpoints, arguments.timeout_seconds, client);
    return !endpoints.empty() && answers.silent.empty() &&
           std::none_of(answers.peers.begin(), answers.peers.end(),
                        [](const auto& peer) { return peer.state == wire::PeerState::failed; });
  } catch (const NotRunning&) {
    return false;
  }
}

void run(const StatusArguments& arguments, CommandContext& context) {
  const auto directory = runtime_directory(context.environment);
  if (arguments.quiet) {
    context.exit_code = all_well(arguments, directory) ? kExitClean : kExitFailed;
    return;
  }
  const auto endpoints = endpoints_of(arguments, directory);
  if (endpoints.empty()) throw NotRunning(fmt::format("no daemon is running here ({})", directory.string()));
  if (arguments.watch) return watch(arguments, endpoints, directory, context.out);
  ControlClient client;
  const Answers answers = ask(endpoints, arguments.timeout_seconds, client);
  if (!answers.peers.empty()) context.out << text_of(answers, arguments);
  for (const std::string& why : answers.silent) fmt::print(stderr, "parley: error: {}\n", why);
  if (!answers.silent.empty()) context.exit_code = kExitFailed;
}

}  // namespace

void add_status_command(CLI::App& parley, CommandContext& context) {
  CLI::App* command = parley.add_subcommand("status", "Says what running daemons are doing");
  auto arguments = std::make_shared<StatusArguments>();
  command
      ->add_option("peer", arguments->peers, "Names of peers or swarms, socket paths or endpoints; all of this machine")
      ->type_name("PEER");
  command->add_option("--timeout", arguments->timeout_seconds, "How long to wait for answers")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, 3600.0));
  command->add_flag("--json", arguments->json,
                    "Prints an array with an object for each peer, or only the object if one peer was named");
  command->add_flag("--watch", arguments->watch, "Asks again each second, until Ctrl-C");
  command->add_flag("--quiet", arguments->quiet, "Prints nothing: for health checks");
  command->footer(
      "Exit code 0 if every peer that was asked answers, 1 if not. With --quiet also 1 if one of them has failed.");
  command->callback([arguments, &context] { run(*arguments, context); });
}

}  // namespace parley::daemon
