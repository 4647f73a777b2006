#include "base/error.h"
#include "topology/graph.h"
#include "topology/schedules/schedules.h"

namespace parley::topology {
namespace {

class StaticSchedule final : public Schedule {
 public:
  StaticSchedule(std::string spec, const Graph& graph) : spec_(std::move(spec)) {
    neighbours_.reserve(num_vertices(graph));
    for (std::uint32_t i = 0; i < num_vertices(graph); ++i) neighbours_.push_back(neighbourhood(graph, {i}));
  }

  const std::string& spec() const override { return spec_; }
  std::size_t size() const override { return neighbours_.size(); }
  std::uint64_t period() const override { return 1; }
  bool is_directed() const override { return false; }
  Neighbourhood neighbours(base::PeerId peer, base::Round) const override {
    PARLEY_CHECK(peer.value < size(), peer, size());
    return neighbours_[peer.value];
  }
  std::vector<base::PeerId> partners(base::PeerId peer) const override { return neighbours(peer, {}).out; }

 private:
  std::string spec_;
  std::vector<Neighbourhood> neighbours_;  // one per peer
};

std::unique_ptr<Schedule> make(const ScheduleBlueprint& blueprint) {
  return std::make_unique<StaticSchedule>(blueprint.arguments.canonical(),
                                          make_graph(blueprint.graph_spec, blueprint.n, blueprint.seed));
}

}  // namespace

const ScheduleRow& static_schedule() {
  static constexpr ScheduleRow row{
      .name = "static", .summary = "the same graph in every round", .parameters = {}, .make = make};
  return row;
}

}  // namespace parley::topology
