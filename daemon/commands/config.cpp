#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "daemon/commands/commands.h"
#include "daemon/options.h"
#include "daemon/plan.h"
#include "daemon/reference.h"

namespace parley::daemon {
namespace {

struct CheckArguments {
  ConfigArguments config;
  std::string peer;
  bool json = false;
};

void add_check(CLI::App& group, CommandContext& context) {
  CLI::App* command = group.add_subcommand("check", "Checks a swarm file as a daemon would, and prints what it costs");
  command->footer(
      "Example:\n"
      "  parley config check swarm.toml --set \"topology.graph=torus(rows=2, cols=4)\"\n"
      "\n"
      "Builds the graph, its weights, the model and the compression operator, reads the data of one peer, and prints\n"
      "parameters, memory, bytes per round, spectral gap, delta and gamma. Exits with 2 if a daemon would.");
  auto arguments = std::make_shared<CheckArguments>();
  add_config_arguments(*command, arguments->config, context.environment);
  command->add_option("--peer", arguments->peer, "The peer whose data are read; default: the first")->type_name("NAME");
  command->add_flag("--json", arguments->json, "As JSON");
  command->callback([arguments, &context] {
    const Config config = arguments->config.load(context.environment);
    const base::PeerId peer = arguments->peer.empty() ? base::PeerId{} : peer_index(config, arguments->peer);
    const Plan plan = make_plan(config, peer);
    context.out << (arguments->json ? plan_json(config, plan) : plan_text(config, plan));
  });
}

struct ExplainArguments {
  ConfigArguments config;
  bool json = false;
};

void add_explain(CLI::App& group, CommandContext& context) {
  CLI::App* command = group.add_subcommand("explain", "Shows every value of a swarm file with its origin");
  command->footer("Example:\n  PARLEY_SWARM_ROUNDS=9 parley config explain swarm.toml --set learning.batch=64");
  auto arguments = std::make_shared<ExplainArguments>();
  add_config_arguments(*command, arguments->config, context.environment);
  command->add_flag("--json", arguments->json, "As JSON");
  command->callback([arguments, &context] {
    const Config config = arguments->config.load(context.environment);
    context.out << (arguments->json ? explain_json(config) : explain_text(config));
  });
}

void add_sample(CLI::App& group, CommandContext& context) {
  CLI::App* command = group.add_subcommand("sample", "Prints a commented swarm file with every key at its default");
  command->callback([&context] { context.out << sample_file(); });
}

void add_reference(CLI::App& group, CommandContext& context) {
  CLI::App* command = group.add_subcommand("reference", "Prints what every key means, or one key with its choices");
  command->footer("Examples:\n  parley config reference\n  parley config reference learning.model");
  auto key = std::make_shared<std::string>();
  command->add_option("key", *key, "A key, such as learning.model")->type_name("SECTION.KEY");
  command->callback(
      [key, &context] { context.out << (key->empty() ? reference_page() : option_help(find_option(*key))); });
}

}  // namespace

void add_config_command(CLI::App& parley, CommandContext& context) {
  CLI::App* group = parley.add_subcommand("config", "Checks, explains and documents swarm files");
  group->require_subcommand(1);
  add_check(*group, context);
  add_explain(*group, context);
  add_sample(*group, context);
  add_reference(*group, context);
}

}  // namespace parley::daemon
