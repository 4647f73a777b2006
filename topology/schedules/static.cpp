#include "topology/digraph.h"
#include "topology/schedules/schedules.h"

namespace parley::topology {
namespace {

class StaticSchedule final : public SizedSchedule {
 public:
  StaticSchedule(std::string spec, FixedGraph graph)
      : SizedSchedule(std::move(spec), graph.of.size()), graph_(std::move(graph)) {}

  std::uint64_t period() const override { return 1; }
  bool is_directed() const override { return graph_.directed; }
  Neighbourhood neighbours(base::PeerId peer, base::Round) const override {
    check(peer);
    return graph_.of[peer.value];
  }
  std::vector<Neighbourhood> neighbourhoods(base::Round) const override { return graph_.of; }
  std::vector<base::PeerId> partners(base::PeerId peer) const override {
    const Neighbourhood neighbours = this->neighbours(peer, {});
    std::vector<base::PeerId> both = neighbours.in;
    both.insert(both.end(), neighbours.out.begin(), neighbours.out.end());
    return distinct(std::move(both), peer);
  }

 private:
  FixedGraph graph_;
};

std::unique_ptr<Schedule> make(const ScheduleBlueprint& blueprint) {
  return std::make_unique<StaticSchedule>(blueprint.arguments.canonical(),
                                          FixedGraph(blueprint.graph_spec, blueprint.n, blueprint.seed));
}

}  // namespace

std::unique_ptr<Schedule> fixed_schedule(const Digraph& graph) {
  return std::make_unique<StaticSchedule>("static", FixedGraph(neighbourhoods(graph)));
}

std::unique_ptr<Schedule> fixed_schedule(const Graph& graph) {
  return std::make_unique<StaticSchedule>("static", FixedGraph(neighbourhoods(graph)));
}

const ScheduleRow& static_schedule() {
  static constexpr ScheduleRow row{
      .name = "static", .summary = "the same graph in every round", .parameters = {}, .make = make, .uses_graph = true};
  return row;
}

}  // namespace parley::topology
