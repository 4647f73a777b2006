#include <xxhash.h>

#include <array>
#include <limits>
#include <optional>

#include "base/error.h"
#include "topology/digraph.h"
#include "topology/schedules/schedules.h"

namespace parley::topology {
namespace {

constexpr std::size_t kMostGraphs = 16;
constexpr std::array<std::string_view, kMostGraphs> kNames = {
    "graph1", "graph2",  "graph3",  "graph4",  "graph5",  "graph6",  "graph7",  "graph8",
    "graph9", "graph10", "graph11", "graph12", "graph13", "graph14", "graph15", "graph16"};

constexpr auto kParameters = [] {
  std::array<base::Parameter, kMostGraphs + 1> parameters{};
  for (std::size_t k = 0; k < kMostGraphs; ++k) {
    parameters[k] = {.name = kNames[k],
                     .kind = base::ParameterKind::word,
                     .help = "spec of a graph, in quotes if it has arguments",
                     .required = k == 0};
  }
  parameters[kMostGraphs] = {.name = "hold",
                             .kind = base::ParameterKind::integer,
                             .fallback = "1",
                             .low = 1,
                             .high = 1 << 30,
                             .help = "rounds for which a graph stays before the next one comes"};
  return parameters;
}();

/// The specs of the graphs in their order. Throws if one is left out.
std::vector<std::string> graph_specs(const base::Arguments& arguments) {
  std::vector<std::string> specs;
  for (std::size_t k = 0; k < kMostGraphs; ++k) {
    if (!arguments.given(kNames[k])) continue;
    if (specs.size() < k) {
      throw base::OperatorError(
          fmt::format("in \"{}\": {} is given but {} is not", arguments.canonical(), kNames[k], kNames[specs.size()]));
    }
    specs.push_back(arguments.word(kNames[k]));
  }
  return specs;
}

std::string canonical(const base::Arguments& arguments) {
  base::Spec spec{.name = "periodic", .arguments = {}};
  for (const std::string& graph : graph_specs(arguments))
    spec.arguments.push_back({.name = {}, .value = canonical_graph_spec(graph), .quoted = true});
  spec.arguments.push_back({.name = "hold", .value = fmt::format("{}", arguments.integer("hold"))});
  return spec.text();
}

/// One graph after the other, each for `hold` rounds, and again from the first.
class Periodic final : public SizedSchedule {
 public:
  Periodic(std::string spec, std::size_t n, std::vector<FixedGraph> graphs, std::uint64_t hold)
      : SizedSchedule(std::move(spec), n), graphs_(std::move(graphs)), hold_(hold) {}

  std::uint64_t period() const override { return graphs_.size() == 1 ? 1 : graphs_.size() * hold_; }
  bool is_directed() const override {
    for (const FixedGraph& graph : graphs_) {
      if (graph.directed) return true;
    }
    return false;
  }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    check(peer);
    return of_round(round).of[peer.value];
  }
  std::vector<Neighbourhood> neighbourhoods(base::Round round) const override { return of_round(round).of; }
  std::vector<base::PeerId> partners(base::PeerId peer) const override {
    check(peer);
    std::vector<base::PeerId> all;
    for (const FixedGraph& graph : graphs_) {
      const auto& [in, out, weights] = graph.of[peer.value];
      all.insert(all.end(), in.begin(), in.end());
      all.insert(all.end(), out.begin(), out.end());
    }
    return distinct(std::move(all), peer);
  }
  std::uint64_t fingerprint() const override {
    std::uint64_t hash = hold_;
    for (const FixedGraph& graph : graphs_) {
      const std::uint64_t of_graph = topology::fingerprint(digraph_of(graph.of));
      hash = XXH3_64bits_withSeed(&of_graph, sizeof(of_graph), hash);
    }
    return hash;
  }

 private:
  const FixedGraph& of_round(base::Round round) const { return graphs_[round.value / hold_ % graphs_.size()]; }

  std::vector<FixedGraph> graphs_;
  std::uint64_t hold_;
};

/// The k-th graph is drawn with the seed + k, so that a random family that is named twice gives two graphs.
std::unique_ptr<Schedule> make(const ScheduleBlueprint& blueprint) {
  std::vector<FixedGraph> graphs;
  for (const std::string& spec : graph_specs(blueprint.arguments))
    graphs.emplace_back(spec, blueprint.n, blueprint.seed + graphs.size());
  return std::make_unique<Periodic>(canonical(blueprint.arguments), blueprint.n, std::move(graphs),
                                    static_cast<std::uint64_t>(blueprint.arguments.integer("hold")));
}

}  // namespace

const ScheduleRow& periodic_schedule() {
  static constexpr ScheduleRow row{
      .name = "periodic",
      .summary = "the graphs of a list in turn: periodic(\"ring\", \"torus(rows=3, cols=4)\")",
      .parameters = kParameters,
      .make = make,
      .canonical = canonical};
  return row;
}

}  // namespace parley::topology
