#include "daemon/topology_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "daemon/text_table.h"
#include "topology/summary.h"

namespace parley::daemon {
namespace {

using topology::Graph;
using topology::Summary;

constexpr std::size_t kPeersListed = 64;  // in text; more would push what matters off the screen

struct Answer {
  Graph graph;
  Summary summary;
};

Answer answer(const TopologyQuestion& question) {
  Graph graph = topology::make_graph(question.graph, question.names.size(), question.seed);
  const auto rule = topology::make_weight_rule(question.weights, graph);
  Summary summary = topology::summarise(graph, *rule);
  return {std::move(graph), std::move(summary)};
}

std::vector<std::string> neighbours(const TopologyQuestion& question, const Graph& graph, std::size_t peer) {
  std::vector<std::string> names;
  for (const base::PeerId other : topology::neighbourhood(graph, {static_cast<std::uint32_t>(peer)}).out)
    names.push_back(question.names[other.value]);
  return names;
}

std::string spectrum_line(const Summary& summary) {
  if (!summary.spectrum) return "none: these weights are not symmetric on this graph; metropolis is on every graph";
  return fmt::format("{:.6g} (lambda_2 {:.6g}, lambda_n {:.6g}, beta {:.6g})", summary.spectrum->gap,
                     summary.spectrum->lambda_2, summary.spectrum->lambda_n, summary.spectrum->beta);
}

}  // namespace

std::string topology_text(const TopologyQuestion& question) {
  const auto [graph, summary] = answer(question);
  const topology::Shape& shape = summary.shape;
  TextTable facts({"graph", question.graph});
  facts.add({"weights", question.weights});
  facts.add({"peers", fmt::format("{}", shape.peers)});
  facts.add(
      {"edges", fmt::format("{}, {} messages in a round of one exchange", shape.edges, summary.messages_per_round)});
  facts.add({"degree", shape.min_degree == shape.max_degree
                           ? fmt::format("{}", shape.min_degree)
                           : fmt::format("{} to {}", shape.min_degree, shape.max_degree)});
  facts.add({"connected", shape.components == 1
                              ? "yes"
                              : fmt::format("NO: {} components; no swarm can run on it", shape.components)});
  facts.add({"diameter", shape.diameter ? fmt::format("{}", *shape.diameter) : "infinite"});
  facts.add({"bipartite", shape.bipartite ? "yes" : "no"});
  facts.add({"spectral gap", spectrum_line(summary)});
  if (summary.rounds_to_a_thousandth)
    facts.add({"mixing", fmt::format("differences shrink a thousandfold in {:.0f} rounds of plain mixing",
                                     *summary.rounds_to_a_thousandth)});
  if (shape.peers > kPeersListed) return facts.text();
  TextTable peers({"peer", "degree", "neighbours"});
  for (std::size_t i = 0; i < shape.peers; ++i) {
    const auto names = neighbours(question, graph, i);
    peers.add({question.names[i], fmt::format("{}", names.size()), fmt::format("{}", fmt::join(names, " "))});
  }
  return facts.text() + '\n' + peers.text();
}

std::string topology_json(const TopologyQuestion& question) {
  using nlohmann::ordered_json;
  const auto [graph, summary] = answer(question);
  const topology::Shape& shape = summary.shape;
  ordered_json document = {{"graph", question.graph},
                           {"weights", question.weights},
                           {"peers", shape.peers},
                           {"edges", shape.edges},
                           {"min_degree", shape.min_degree},
                           {"max_degree", shape.max_degree},
                           {"components", shape.components},
                           {"diameter", nullptr},
                           {"bipartite", shape.bipartite},
                           {"spectrum", nullptr},
                           {"rounds_to_a_thousandth", nullptr}};
  if (shape.diameter) document["diameter"] = *shape.diameter;
  if (summary.spectrum)
    document["spectrum"] = {{"lambda_2", summary.spectrum->lambda_2},
                            {"lambda_n", summary.spectrum->lambda_n},
                            {"gap", summary.spectrum->gap},
                            {"beta", summary.spectrum->beta}};
  if (summary.rounds_to_a_thousandth) document["rounds_to_a_thousandth"] = *summary.rounds_to_a_thousandth;
  auto peers = ordered_json::array();
  for (std::size_t i = 0; i < shape.peers; ++i)
    peers.push_back({{"name", question.names[i]}, {"neighbours", neighbours(question, graph, i)}});
  document["neighbourhoods"] = std::move(peers);
  return document.dump(2) + '\n';
}

}  // namespace parley::daemon
