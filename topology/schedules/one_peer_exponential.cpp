#include <algorithm>
#include <bit>

#include "topology/schedules/schedules.h"

namespace parley::topology {
namespace {

/// In round t peer i hears i + 2^k and is heard by i - 2^k, modulo n, with k = t mod ceil(log2 n) (Assran et al. 2019;
/// Ying et al. 2021). With weights of one half the product of any such many rounds in a row is the average, exactly, if
/// n is a power of two, and in whatever order the hops come.
class OnePeerExponential final : public SizedSchedule {
 public:
  OnePeerExponential(std::string spec, std::size_t n)
      : SizedSchedule(std::move(spec), n), hops_(static_cast<std::uint64_t>(std::bit_width(n - 1))) {}

  std::uint64_t period() const override { return std::max<std::uint64_t>(hops_, 1); }
  bool is_directed() const override { return size() > 2; }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    check(peer);
    if (hops_ == 0) return {};
    const std::size_t hop = std::size_t{1} << (round.value % hops_);
    return {.in = {after(peer, hop)}, .out = {after(peer, size() - hop)}};
  }
  std::vector<base::PeerId> partners(base::PeerId peer) const override {
    check(peer);
    std::vector<base::PeerId> peers;
    for (std::size_t hop = 1; hop < size(); hop *= 2) {
      peers.push_back(after(peer, hop));
      peers.push_back(after(peer, size() - hop));
    }
    return distinct(std::move(peers), peer);
  }

 private:
  base::PeerId after(base::PeerId peer, std::size_t hop) const {
    return {static_cast<std::uint32_t>((peer.value + hop) % size())};
  }

  std::uint64_t hops_;  // ceil(log2 n), in integers: a floating-point logarithm is off by one at some n
};

std::unique_ptr<Schedule> make(const ScheduleBlueprint& blueprint) {
  return std::make_unique<OnePeerExponential>(blueprint.arguments.canonical(), blueprint.n);
}

}  // namespace

const ScheduleRow& one_peer_exponential_schedule() {
  static constexpr ScheduleRow row{
      .name = "one-peer-exponential",
      .summary = "hear the peer 1, 2, 4, 8, ... places on, one a round; directed; averages exactly for powers of two",
      .parameters = {},
      .make = make};
  return row;
}

}  // namespace parley::topology
