#include <algorithm>

#include "base/error.h"
#include "topology/schedules/clique_rounds.h"
#include "topology/schedules/schedules.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "k",
     .kind = base::ParameterKind::integer,
     .fallback = "1",
     .low = 1,
     .high = 1 << 20,
     .help = "most neighbours in a round"},
};

/// The hyper-hypercube H_k of Takezawa et al. 2023, a dimension a round. Metropolis weights are its own: in a clique of
/// m they are 1/m.
class HyperHypercube final : public SizedSchedule {
 public:
  HyperHypercube(std::string spec, std::size_t n, CliqueRounds cliques)
      : SizedSchedule(std::move(spec), n), cliques_(std::move(cliques)) {}

  std::uint64_t period() const override { return std::max<std::uint64_t>(cliques_.rounds(), 1); }
  bool is_directed() const override { return false; }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    check(peer);
    if (cliques_.rounds() == 0) return {};
    std::vector<base::PeerId> peers;
    for (const std::size_t place : cliques_.others(peer.value, round.value % cliques_.rounds()))
      peers.push_back({static_cast<std::uint32_t>(place)});
    return {.in = peers, .out = std::move(peers)};
  }
  std::vector<base::PeerId> partners(base::PeerId peer) const override {
    check(peer);
    std::vector<base::PeerId> peers;
    for (std::size_t round = 0; round < cliques_.rounds(); ++round) {
      for (const std::size_t place : cliques_.others(peer.value, round))
        peers.push_back({static_cast<std::uint32_t>(place)});
    }
    return distinct(std::move(peers), peer);
  }

 private:
  CliqueRounds cliques_;
};

std::unique_ptr<Schedule> make(const ScheduleBlueprint& blueprint) {
  const std::size_t n = blueprint.n;
  const auto k = static_cast<std::size_t>(blueprint.arguments.integer("k"));
  auto cliques = CliqueRounds::on(n, k + 1);
  if (!cliques) {
    std::size_t fitting = k;
    while (smooth_part(n, fitting + 1) != n) ++fitting;
    throw base::OperatorError(fmt::format(
        "{} needs a number of peers without a prime factor above {}, the swarm has {}: use k={}, or schedule = "
        "\"base(k={})\", which takes any number",
        blueprint.arguments.canonical(), k + 1, n, fitting, k));
  }
  return std::make_unique<HyperHypercube>(blueprint.arguments.canonical(), n, *std::move(cliques));
}

}  // namespace

const ScheduleRow& hyper_hypercube_schedule() {
  static constexpr ScheduleRow row{
      .name = "hyper-hypercube",
      .summary = "cliques of up to k+1 average, a dimension a round: the exact average if n has small prime factors",
      .parameters = kParameters,
      .make = make};
  return row;
}

}  // namespace parley::topology
