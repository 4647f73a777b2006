#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <ostream>

#include "base/error.h"
#include "daemon/commands/commands.h"
#include "daemon/options.h"
#include "daemon/topology_report.h"

namespace parley::daemon {
namespace {

struct ShowArguments {
  std::string graph;
  std::optional<std::size_t> peers;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> weights;
  bool json = false;
};

/// A swarm file if there is one of that name, else the spec of a graph.
TopologyQuestion question_of(const ShowArguments& arguments, const Environment& environment) {
  std::vector<std::string> overrides;
  const bool is_file = std::filesystem::is_regular_file(arguments.graph);
  if (!is_file && (arguments.graph.ends_with(".toml") || arguments.graph.find('/') != std::string::npos))
    throw base::OperatorError(fmt::format(
        "{}: there is no such file; give a swarm file, or a graph such as ring or \"torus(rows=4, cols=4)\"",
        arguments.graph));
  if (!is_file) overrides.push_back("topology.graph=" + arguments.graph);
  if (arguments.peers) overrides.push_back(fmt::format("swarm.peers={}", *arguments.peers));
  if (arguments.seed) overrides.push_back(fmt::format("swarm.seed={}", *arguments.seed));
  if (arguments.weights) overrides.push_back("topology.weights=" + *arguments.weights);
  const Config config =
      is_file ? load_config(arguments.graph, overrides, environment) : parse_config("", "", overrides, {});
  TopologyQuestion question{
      .graph = config.topology.graph, .weights = config.topology.weights, .names = {}, .seed = config.swarm.seed};
  for (const RosterEntry& peer : config.roster) question.names.push_back(peer.name);
  return question;
}

}  // namespace

void add_topology_command(CLI::App& parley, CommandContext& context) {
  CLI::App* group = parley.add_subcommand("topology", "Tells what a graph of peers is worth before a byte is sent");
  group->require_subcommand(1);
  CLI::App* command = group->add_subcommand("show", "Shows degrees, diameter, spectral gap and neighbours");
  command->footer(
      "Examples:\n"
      "  parley topology show ring --peers 16\n"
      "  parley topology show \"torus(rows=4, cols=4)\" --peers 16\n"
      "  parley topology show swarm.toml\n"
      "\n"
      "`parley config reference topology.graph` lists the graphs that there are.");
  auto arguments = std::make_shared<ShowArguments>();
  command->add_option("graph", arguments->graph, "A graph, or a swarm file")->required()->type_name("SPEC|FILE");
  command->add_option("--peers", arguments->peers, "Number of peers")->type_name("N");
  command->add_option("--seed", arguments->seed, "Seed of random graphs")->type_name("N");
  command->add_option("--weights", arguments->weights, "Weight rule")->type_name("SPEC");
  command->add_flag("--json", arguments->json, "As JSON");
  command->callback([arguments, &context] {
    const TopologyQuestion question = question_of(*arguments, context.environment);
    context.out << (arguments->json ? topology_json(question) : topology_text(question));
  });
}

}  // namespace parley::daemon
