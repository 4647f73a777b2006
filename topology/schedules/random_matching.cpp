#include <algorithm>

#include "topology/schedules/schedules.h"

namespace parley::topology {
namespace {

/// All peers in a random order, the first paired with the second, the third with the fourth, and so on. Of an odd
/// number the last one sits the round out.
class RandomMatching final : public SizedSchedule {
 public:
  RandomMatching(std::string spec, std::size_t n, std::uint64_t seed)
      : SizedSchedule(std::move(spec), n), seed_(seed) {}

  std::uint64_t period() const override { return size() <= 2 ? 1 : 0; }  // two peers have but one matching
  bool is_directed() const override { return false; }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    check(peer);
    const std::vector<std::uint32_t> order = random_order(seed_, round, size());
    const auto place = static_cast<std::size_t>(std::find(order.begin(), order.end(), peer.value) - order.begin());
    const std::size_t mate = place ^ 1;
    return mate < size() ? paired_with(order[mate], peer, size()) : Neighbourhood{};
  }
  std::vector<Neighbourhood> neighbourhoods(base::Round round) const override {
    const std::vector<std::uint32_t> order = random_order(seed_, round, size());
    std::vector<Neighbourhood> all(size());
    for (std::size_t place = 0; place < size(); ++place) {
      const std::size_t mate = place ^ 1;
      if (mate < size()) all[order[place]] = paired_with(order[mate], {order[place]}, size());
    }
    return all;
  }
  std::vector<base::PeerId> partners(base::PeerId peer) const override {
    check(peer);
    return everyone_but(peer, size());
  }

 private:
  std::uint64_t seed_;
};

std::unique_ptr<Schedule> make(const ScheduleBlueprint& blueprint) {
  return std::make_unique<RandomMatching>(blueprint.arguments.canonical(), blueprint.n, blueprint.seed);
}

}  // namespace

const ScheduleRow& random_matching_schedule() {
  static constexpr ScheduleRow row{.name = "random-matching",
                                   .summary = "all peers in pairs that are drawn anew in every round",
                                   .parameters = {},
                                   .make = make};
  return row;
}

}  // namespace parley::topology
