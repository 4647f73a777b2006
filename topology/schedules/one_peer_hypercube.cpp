#include <algorithm>
#include <bit>

#include "topology/schedules/schedules.h"

namespace parley::topology {
namespace {

/// In round t peer i exchanges with i xor 2^k, k = t mod ceil(log2 n): the symmetric form of the one-peer exponential
/// schedule, one dimension of the hypercube a round. A peer whose mate would not be below n sits the round out.
class OnePeerHypercube final : public SizedSchedule {
 public:
  OnePeerHypercube(std::string spec, std::size_t n)
      : SizedSchedule(std::move(spec), n), digits_(static_cast<std::uint64_t>(std::bit_width(n - 1))) {}

  std::uint64_t period() const override { return std::max<std::uint64_t>(digits_, 1); }
  bool is_directed() const override { return false; }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    check(peer);
    if (digits_ == 0) return {};
    return paired_with(peer.value ^ (std::size_t{1} << (round.value % digits_)), peer, size());
  }
  std::vector<base::PeerId> partners(base::PeerId peer) const override {
    check(peer);
    std::vector<base::PeerId> peers;
    for (std::size_t bit = 1; bit < size(); bit *= 2) {
      const std::size_t mate = peer.value ^ bit;
      if (mate < size()) peers.push_back({static_cast<std::uint32_t>(mate)});
    }
    return distinct(std::move(peers), peer);
  }

 private:
  std::uint64_t digits_;  // ceil(log2 n)
};

std::unique_ptr<Schedule> make(const ScheduleBlueprint& blueprint) {
  return std::make_unique<OnePeerHypercube>(blueprint.arguments.canonical(), blueprint.n);
}

}  // namespace

const ScheduleRow& one_peer_hypercube_schedule() {
  static constexpr ScheduleRow row{
      .name = "one-peer-hypercube",
      .summary = "exchange with i xor 1, 2, 4, 8, ..., one a round: one-peer-exponential made symmetric",
      .parameters = {},
      .make = make};
  return row;
}

}  // namespace parley::topology
