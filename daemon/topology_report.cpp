#include "daemon/topology_report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "daemon/text_table.h"
#include "daemon/topology_cost.h"
#include "daemon/units.h"
#include "topology/laplacian.h"
#include "topology/summary.h"

namespace parley::daemon {
namespace {

using topology::Graph;
using topology::LaplacianEnds;
using topology::Summary;

constexpr std::size_t kPeersListed = 64;      // in text; more would push what matters off the screen
constexpr std::size_t kPeersInJson = 10'000;  // beyond, the lists would be most of the document

struct Answer {
  Graph graph;
  Summary summary;
  LaplacianEnds laplacian;
  std::optional<TopologyCost> cost;
  std::string no_cost;  // why not, if a swarm file was to say
};

Answer answer(const TopologyQuestion& question, std::optional<std::size_t> model_size) {
  Answer answer;
  answer.graph = graph_of(question);
  const auto rule = topology::make_weight_rule(question.weights, answer.graph);
  answer.summary = topology::summarise(answer.graph, *rule);
  answer.laplacian = topology::laplacian_ends(answer.graph);
  try {
    answer.cost = topology_cost(question, answer.summary, model_size);
  } catch (const base::OperatorError& error) {  // data that are not there: the graph can still be told of
    answer.no_cost = error.what();
  }
  return answer;
}

std::vector<std::string> neighbours(const TopologyQuestion& question, const Graph& graph, std::size_t peer) {
  std::vector<std::string> names;
  for (const base::PeerId other : topology::neighbourhood(graph, {static_cast<std::uint32_t>(peer)}).out)
    names.push_back(question.names[other.value]);
  return names;
}

std::string spectrum_text(const Summary& summary) {
  if (!summary.spectrum) return "none: these weights are not symmetric on this graph; metropolis is on every graph";
  return fmt::format("{:.6g} (lambda_2 {:.6g}, lambda_n {:.6g}, beta {:.6g})", summary.spectrum->gap,
                     summary.spectrum->lambda_2, summary.spectrum->lambda_n, summary.spectrum->beta);
}

std::string cost_text(const TopologyCost& cost) {
  std::string text = fmt::format("{} in a message ({} parameters, {}); the busiest peer sends {} a round, the swarm {}",
                                 approximate_bytes(cost.message_bytes), cost.parameters,
                                 cost.op == "none" ? std::string("sent whole") : cost.op,
                                 approximate_bytes(cost.busiest_bytes), approximate_bytes(cost.swarm_bytes));
  if (cost.busiest_bytes_to_a_thousandth)
    text += fmt::format("; {} until models are a thousandth as far apart",
                        approximate_bytes(*cost.busiest_bytes_to_a_thousandth));
  return text;
}

TextTable facts_of(const TopologyQuestion& question, const Answer& answer) {
  const auto& [graph, summary, laplacian, cost, no_cost] = answer;
  const topology::Shape& shape = summary.shape;
  TextTable facts({"graph", question.graph});
  facts.add({"weights", question.weights});
  if (question.schedule != "static")
    facts.add({"schedule", fmt::format("{}; what follows is of the graph itself, with all its edges in every round",
                                       question.schedule)});
  facts.add({"peers", fmt::format("{}", shape.peers)});
  facts.add(
      {"edges", fmt::format("{}, {} messages in a round of one exchange", shape.edges, summary.messages_per_round)});
  facts.add({"degree", degree_text(shape)});
  facts.add({"busiest peer",
             fmt::format("{}, with {} neighbours", question.names[summary.busiest_peer.value], shape.max_degree)});
  facts.add({"connected", shape.components == 1
                              ? "yes"
                              : fmt::format("NO: {} components; no swarm can run on it", shape.components)});
  facts.add({"diameter", diameter_text(shape)});
  facts.add({"bipartite", shape.bipartite ? "yes" : "no"});
  facts.add({"spectral gap", spectrum_text(summary)});
  if (summary.rounds_to_a_thousandth)
    facts.add({"mixing", fmt::format("differences shrink a thousandfold in {} rounds of plain mixing",
                                     rounds_text(*summary.rounds_to_a_thousandth))});
  facts.add({"Laplacian", fmt::format("algebraic connectivity {:.6g}, largest eigenvalue {:.6g}",
                                      laplacian.connectivity, laplacian.largest)});
  if (laplacian.connectivity > 0)
    facts.add({"best constant", fmt::format("weight {:.6g} on every edge would shrink differences to {:.6g} a round",
                                            laplacian.best_constant(), laplacian.best_constant_rate())});
  if (cost) facts.add({"traffic", cost_text(*cost)});
  if (!no_cost.empty()) facts.add({"traffic", "unknown: " + no_cost});
  return facts;
}

}  // namespace

std::string degree_text(const topology::Shape& shape) {
  return shape.min_degree == shape.max_degree ? fmt::format("{}", shape.min_degree)
                                              : fmt::format("{} to {}", shape.min_degree, shape.max_degree);
}

std::string diameter_text(const topology::Shape& shape) {
  if (!shape.diameter) return "infinite";
  return fmt::format("{}{}", shape.diameter_is_exact ? "" : "at least ", *shape.diameter);
}

std::string rounds_text(double rounds) {
  return rounds < 1e7 ? fmt::format("{:.0f}", std::ceil(rounds - 1e-9)) : fmt::format("{:.3g}", rounds);
}

std::string topology_text(const TopologyQuestion& question, std::optional<std::size_t> model_size) {
  const Answer found = answer(question, model_size);
  const TextTable facts = facts_of(question, found);
  const std::size_t n = found.summary.shape.peers;
  if (n > kPeersListed) return facts.text();
  TextTable peers({"peer", "degree", "neighbours"});
  for (std::size_t i = 0; i < n; ++i) {
    const auto names = neighbours(question, found.graph, i);
    peers.add({question.names[i], fmt::format("{}", names.size()), fmt::format("{}", fmt::join(names, " "))});
  }
  return facts.text() + '\n' + peers.text();
}

std::string topology_json(const TopologyQuestion& question, std::optional<std::size_t> model_size) {
  using nlohmann::ordered_json;
  const auto number = [](const auto& value) { return value ? ordered_json(*value) : ordered_json(nullptr); };
  const auto [graph, summary, laplacian, cost, no_cost] = answer(question, model_size);
  const topology::Shape& shape = summary.shape;
  ordered_json document = {{"graph", question.graph},
                           {"weights", question.weights},
                           {"schedule", question.schedule},
                           {"peers", shape.peers},
                           {"edges", shape.edges},
                           {"min_degree", shape.min_degree},
                           {"max_degree", shape.max_degree},
                           {"busiest_peer", question.names[summary.busiest_peer.value]},
                           {"messages_per_round", summary.messages_per_round},
                           {"components", shape.components},
                           {"diameter", number(shape.diameter)},
                           {"diameter_is_exact", shape.diameter_is_exact},
                           {"bipartite", shape.bipartite},
                           {"spectrum", nullptr},
                           {"rounds_to_a_thousandth", number(summary.rounds_to_a_thousandth)},
                           {"laplacian",
                            {{"algebraic_connectivity", laplacian.connectivity},
                             {"largest", laplacian.largest},
                             {"best_constant", laplacian.best_constant()},
                             {"best_constant_rate", laplacian.best_constant_rate()}}},
                           {"bytes", nullptr}};
  if (summary.spectrum)
    document["spectrum"] = {{"lambda_2", summary.spectrum->lambda_2},
                            {"lambda_n", summary.spectrum->lambda_n},
                            {"gap", summary.spectrum->gap},
                            {"beta", summary.spectrum->beta}};
  if (cost)
    document["bytes"] = {{"parameters", cost->parameters},
                         {"operator", cost->op},
                         {"message", cost->message_bytes},
                         {"busiest_peer_per_round", cost->busiest_bytes},
                         {"swarm_per_round", cost->swarm_bytes},
                         {"busiest_peer_to_a_thousandth", number(cost->busiest_bytes_to_a_thousandth)}};
  document["neighbourhoods"] = nullptr;
  if (shape.peers <= kPeersInJson) {
    auto peers = ordered_json::array();
    for (std::size_t i = 0; i < shape.peers; ++i)
      peers.push_back({{"name", question.names[i]}, {"neighbours", neighbours(question, graph, i)}});
    document["neighbourhoods"] = std::move(peers);
  }
  return document.dump(2) + '\n';
}

}  // namespace parley::daemon
