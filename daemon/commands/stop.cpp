#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <thread>

#include "daemon/commands/commands.h"
#include "daemon/control_client.h"
#include "daemon/runtime_directory.h"

namespace parley::daemon {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct StopArguments {
  std::vector<std::string> peers;
  double timeout_seconds = 60;
};

/// True if nobody listens there any more at the deadline.
bool wait_until_gone(const std::string& endpoint, Clock::time_point deadline) {
  constexpr auto kEvery = 20ms;
  while (!probe_endpoint(endpoint, 1s)) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kEvery);
  }
  return true;
}

void run(const StopArguments& arguments, CommandContext& context) {
  const auto directory = runtime_directory(context.environment);
  std::vector<std::string> endpoints;
  for (const std::string& peer : arguments.peers)
    for (std::string& endpoint : resolve_endpoints(peer, directory)) endpoints.push_back(std::move(endpoint));

  const auto timeout =
      std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(arguments.timeout_seconds));
  const auto deadline = Clock::now() + timeout;
  ControlClient client;
  const auto answers = client.ask_all(endpoints, wire::AskStop{}, timeout);
  const auto fail = [&](const std::string& why) {
    fmt::print(stderr, "parley: error: {}\n", why);
    context.exit_code = kExitFailed;
  };
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (!answers[i].ok())
      fail(answers[i].refusal().detail);
    else if (wait_until_gone(endpoints[i], deadline))
      context.out << endpoints[i] << ": stopped\n";
    else
      fail(fmt::format("{} drains but has not ended within {:.3g} s", endpoints[i], arguments.timeout_seconds));
  }
}

}  // namespace

void add_stop_command(CLI::App& parley, CommandContext& context) {
  CLI::App* command = parley.add_subcommand("stop", "Lets daemons finish their round and end");
  auto arguments = std::make_shared<StopArguments>();
  command->add_option("peer", arguments->peers, "Names of peers or swarms, socket paths or endpoints")
      ->type_name("PEER")
      ->required();
  command->add_option("--timeout", arguments->timeout_seconds, "How long to wait until they are gone")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, 86400.0));
  command->callback([arguments, &context] { run(*arguments, context); });
}

}  // namespace parley::daemon
