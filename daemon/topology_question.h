// What the commands about topologies are asked: a graph by its spec, or that of a swarm file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config.h"
#include "topology/graph.h"

namespace CLI {
class App;
}

namespace parley::daemon {

/// As on the command line.
struct TopologyArguments {
  std::string subject;  ///< SPEC|FILE
  std::optional<std::size_t> peers;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> weights, schedule;
};
/// Adds them to a subcommand. `arguments` outlives `command`.
void add_topology_arguments(CLI::App& command, TopologyArguments& arguments);

/// The most peers that a graph on the command line may have; a swarm file allows fewer.
inline constexpr std::size_t kMostTopologyPeers = 1'000'000;
inline constexpr std::size_t kUsualTopologyPeers = 8;

struct TopologyQuestion {
  std::string graph, weights, schedule;  ///< specs
  std::vector<std::string> names;        ///< of the peers, in order
  std::uint64_t seed = 1;
  std::optional<Config> config;  ///< if it was a swarm file
};

/// A swarm file if there is one of that name, else the spec of a graph on --peers peers named peer-0, peer-1, ...
/// Throws base::OperatorError for a file that is refused, or a number of peers that is out of bounds.
TopologyQuestion question_of(const TopologyArguments& arguments, const Environment& environment);

std::vector<std::string> numbered_peers(std::size_t n);

topology::Graph graph_of(const TopologyQuestion& question);

}  // namespace parley::daemon
