#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <stdexcept>

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

Answers ask(const StatusArguments& arguments, const std::filesystem::path& directory, ControlClient& client) {
  std::vector<std::string> endpoints;
  for (const std::string& peer : arguments.peers)
    for (std::string& endpoint : resolve_endpoints(peer, directory)) endpoints.push_back(std::move(endpoint));
  if (arguments.peers.empty()) endpoints = live_endpoints(directory);
  const auto timeout =
      std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(arguments.timeout_seconds));
  Answers answers;
  for (const auto& answer : client.ask_all(endpoints, wire::AskStatus{}, timeout)) {
    auto status = status_in(answer);
    if (status.ok())
      answers.peers.push_back(std::move(*status));
    else
      answers.silent.push_back(status.refusal().detail);
  }
  if (endpoints.empty()) answers.silent.push_back(fmt::format("no daemon is running here ({})", directory.string()));
  return answers;
}

std::string text_of(const Answers& answers, const StatusArguments& arguments) {
  if (!arguments.json) return answers.peers.empty() ? "" : status_text(answers.peers, terminal_width(STDOUT_FILENO));
  if (arguments.peers.size() == 1 && answers.peers.size() == 1)
    return json_text(status_object(answers.peers.front())) + '\n';
  Json all = Json::array();
  for (const wire::PeerStatus& peer : answers.peers) all.push_back(status_object(peer));
  return json_text(all) + '\n';
}

void watch(const StatusArguments& arguments, const std::filesystem::path& directory, ControlClient& client,
           std::ostream& out) {
  const bool terminal = terminal_width(STDOUT_FILENO) > 0;
  SignalWatch signals{SIGINT, SIGTERM};
  for (;;) {
    const Answers answers = ask(arguments, directory, client);
    if (terminal) out << "\x1b[H\x1b[2J";
    out << text_of(answers, arguments);
    for (const std::string& why : answers.silent) out << why << '\n';
    out << std::flush;
    signals.wait(1s);
    if (signals.take() || answers.peers.empty()) return;
  }
}

void run(const StatusArguments& arguments, CommandContext& context) {
  const auto directory = runtime_directory(context.environment);
  ControlClient client;
  const Answers answers = ask(arguments, directory, client);
  const bool failed = std::any_of(answers.peers.begin(), answers.peers.end(),
                                  [](const auto& peer) { return peer.state == wire::PeerState::failed; });
  if (arguments.quiet) {
    context.exit_code = answers.silent.empty() && !failed ? kExitClean : kExitFailed;
    return;
  }
  if (answers.peers.empty()) throw std::runtime_error(fmt::format("{}", fmt::join(answers.silent, "\n  ")));
  if (arguments.watch) return watch(arguments, directory, client, context.out);
  context.out << text_of(answers, arguments);
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
  command->add_flag("--json", arguments->json, "Prints an array of peers, or the one peer that was named");
  command->add_flag("--watch", arguments->watch, "Asks again each second, until Ctrl-C");
  command->add_flag("--quiet", arguments->quiet, "Prints nothing: for health checks");
  command->footer(
      "Exit code 0 if every peer that was asked answers, 1 if not. With --quiet also 1 if one of them has failed.");
  command->callback([arguments, &context] { run(*arguments, context); });
}

}  // namespace parley::daemon
