#include "daemon/topology_question.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "base/error.h"
#include "daemon/options.h"

namespace parley::daemon {
namespace {

TopologyQuestion question_of_file(const TopologyArguments& arguments, const Environment& environment) {
  std::vector<std::string> overrides;
  if (arguments.peers) overrides.push_back(fmt::format("swarm.peers={}", *arguments.peers));
  if (arguments.seed) overrides.push_back(fmt::format("swarm.seed={}", *arguments.seed));
  if (arguments.weights) overrides.push_back("topology.weights=" + *arguments.weights);
  if (arguments.schedule) overrides.push_back("topology.schedule=" + *arguments.schedule);
  Config config = load_config(arguments.subject, overrides, environment);
  TopologyQuestion question{.graph = config.topology.graph,
                            .weights = config.topology.weights,
                            .schedule = config.topology.schedule,
                            .names = {},
                            .seed = config.swarm.seed,
                            .config = {}};
  for (const RosterEntry& peer : config.roster) question.names.push_back(peer.name);
  question.config = std::move(config);
  return question;
}

}  // namespace

void add_topology_arguments(CLI::App& command, TopologyArguments& arguments) {
  command.add_option("graph", arguments.subject, "A graph, or a swarm file")->required()->type_name("SPEC|FILE");
  command.add_option("--peers,-n,--n", arguments.peers, "Number of peers; default 8, or what the file says")
      ->type_name("N");
  command.add_option("--seed", arguments.seed, "Seed of random graphs; default 1, or what the file says")
      ->type_name("N");
  command.add_option("--weights", arguments.weights, "Weight rule; default metropolis, or what the file says")
      ->type_name("SPEC");
  command.add_option("--schedule", arguments.schedule, "Schedule over rounds; default static, or what the file says")
      ->type_name("SPEC");
}

TopologyQuestion question_of(const TopologyArguments& arguments, const Environment& environment) {
  const std::string& subject = arguments.subject;
  if (std::filesystem::is_regular_file(subject)) return question_of_file(arguments, environment);
  if (subject.ends_with(".toml") || subject.find('/') < subject.find('(')) {
    throw base::OperatorError(fmt::format(
        "{}: there is no such file; give a swarm file, or a graph such as ring or \"torus(rows=4, cols=4)\"", subject));
  }
  const std::size_t n = arguments.peers.value_or(kUsualTopologyPeers);
  if (n < 1 || n > kMostTopologyPeers)
    throw base::OperatorError(fmt::format("--peers: {} is out of bounds; allowed: 1 to {}", n, kMostTopologyPeers));
  return {.graph = topology::canonical_graph_spec(subject),
          .weights = arguments.weights.value_or("metropolis"),
          .schedule = arguments.schedule.value_or("static"),
          .names = numbered_peers(n),
          .seed = arguments.seed.value_or(1),
          .config = {}};
}

std::vector<std::string> numbered_peers(std::size_t n) {
  std::vector<std::string> names;
  names.reserve(n);
  for (std::size_t i = 0; i < n; ++i) names.push_back(fmt::format("peer-{}", i));
  return names;
}

topology::Graph graph_of(const TopologyQuestion& question) {
  return topology::make_graph(question.graph, question.names.size(), question.seed);
}

}  // namespace parley::daemon
