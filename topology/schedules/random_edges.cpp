#include <algorithm>

#include "base/error.h"
#include "base/random.h"
#include "topology/schedules/schedules.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "p",
     .kind = base::ParameterKind::real,
     .low = 0,
     .high = 1,
     .help = "probability that an edge is there in a round",
     .required = true},
};

/// Every edge of the graph is there in a round with probability p, each for itself. Both ends look up the same random
/// number: that of the edge's lower end in this round, at the place of the upper one. An arc of a directed graph is
/// looked up at its sender, at the place of the receiver.
class RandomEdges final : public SizedSchedule {
 public:
  RandomEdges(std::string spec, FixedGraph graph, double p, std::uint64_t seed)
      : SizedSchedule(std::move(spec), graph.of.size()), graph_(std::move(graph)), p_(p), seed_(seed) {}

  std::uint64_t period() const override { return p_ == 1 ? 1 : 0; }
  /// An undirected graph loses both ways of an edge at once.
  bool is_directed() const override { return graph_.directed; }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    check(peer);
    const Neighbourhood& all = graph_.of[peer.value];
    Neighbourhood alive;
    for (std::size_t k = 0; k < all.in.size(); ++k) {
      if (!is_alive(all.in[k], peer, round)) continue;
      alive.in.push_back(all.in[k]);
      if (!all.weights.empty()) alive.weights.push_back(all.weights[k]);
    }
    std::copy_if(all.out.begin(), all.out.end(), std::back_inserter(alive.out),
                 [&](base::PeerId to) { return is_alive(peer, to, round); });
    return alive;
  }
  std::vector<base::PeerId> partners(base::PeerId peer) const override {
    check(peer);
    std::vector<base::PeerId> both = graph_.of[peer.value].in;
    both.insert(both.end(), graph_.of[peer.value].out.begin(), graph_.of[peer.value].out.end());
    return distinct(std::move(both), peer);
  }

 private:
  bool is_alive(base::PeerId from, base::PeerId to, base::Round round) const {
    if (!graph_.directed && from > to) std::swap(from, to);
    const auto words =
        base::random_block({.seed = seed_, .peer = from, .round = round, .stream = base::Stream::schedule}, to.value);
    const std::uint64_t bits = words[0] | (std::uint64_t{words[1]} << 32);
    return static_cast<double>(bits >> 11) * 0x1p-53 < p_;
  }

  FixedGraph graph_;
  double p_;
  std::uint64_t seed_;
};

std::unique_ptr<Schedule> make(const ScheduleBlueprint& blueprint) {
  const double p = blueprint.arguments.real("p");
  if (p == 0) {
    throw base::OperatorError(fmt::format("{}: no edge would ever be there; p is the probability that one is",
                                          blueprint.arguments.canonical()));
  }
  return std::make_unique<RandomEdges>(blueprint.arguments.canonical(),
                                       FixedGraph(blueprint.graph_spec, blueprint.n, blueprint.seed), p,
                                       blueprint.seed);
}

}  // namespace

const ScheduleRow& random_edges_schedule() {
  static constexpr ScheduleRow row{.name = "random-edges",
                                   .summary = "every edge of the graph is there in a round with probability p",
                                   .parameters = kParameters,
                                   .make = make,
                                   .uses_graph = true};
  return row;
}

}  // namespace parley::topology
