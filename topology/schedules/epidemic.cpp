#include <algorithm>

#include "base/error.h"
#include "base/random.h"
#include "topology/schedules/schedules.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "s",
     .kind = base::ParameterKind::integer,
     .low = 1,
     .high = 1 << 20,
     .help = "peers that each one sends to in a round",
     .required = true},
    {.name = "weights",
     .kind = base::ParameterKind::word,
     .fallback = "receiver",
     .choices = "receiver|rule",
     .help = "receiver: average what came in and the own model; rule: as topology.weights says"},
};

/// In every round each peer sends to s others that it draws for itself (epidemic learning, de Vos et al. 2023,
/// "EL-Local"; SwarmSGD's and rumour spreading's pattern). How many it hears is left to chance. Whom peer j picks is
/// drawn from j's own stream, so that everyone can find out who picked it.
class Epidemic final : public SizedSchedule {
 public:
  Epidemic(std::string spec, std::size_t n, std::size_t targets, bool own_weights, std::uint64_t seed)
      : SizedSchedule(std::move(spec), n), targets_(targets), own_weights_(own_weights), seed_(seed) {}

  std::uint64_t period() const override { return targets_ + 1 >= size() ? 1 : 0; }
  bool is_directed() const override { return targets_ + 1 < size(); }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    check(peer);
    Neighbourhood neighbours;
    Draw draw(size());
    for (std::uint32_t j = 0; j < size(); ++j) {
      const std::vector<base::PeerId>& picked = pick(draw, {j}, round);
      if (j == peer.value) neighbours.out = picked;
      if (std::find(picked.begin(), picked.end(), peer) != picked.end()) neighbours.in.push_back({j});
    }
    return finished(std::move(neighbours));
  }
  std::vector<Neighbourhood> neighbourhoods(base::Round round) const override {
    std::vector<Neighbourhood> all(size());
    Draw draw(size());
    for (std::uint32_t j = 0; j < size(); ++j) {
      all[j].out = pick(draw, {j}, round);
      for (const base::PeerId to : all[j].out) all[to.value].in.push_back({j});
    }
    for (Neighbourhood& neighbours : all) neighbours = finished(std::move(neighbours));
    return all;
  }
  std::vector<base::PeerId> partners(base::PeerId peer) const override {
    check(peer);
    return everyone_but(peer, size());
  }

 private:
  /// What picking needs, kept from one peer to the next.
  struct Draw {
    explicit Draw(std::size_t n) : is_picked(n) {}
    std::vector<bool> is_picked;
    std::vector<base::PeerId> picked;
  };

  /// s of the n - 1 others, every set with the same probability (Floyd; see Bentley 1987).
  const std::vector<base::PeerId>& pick(Draw& draw, base::PeerId sender, base::Round round) const {
    draw.picked.clear();
    base::Random random({.seed = seed_, .peer = sender, .round = round, .stream = base::Stream::schedule});
    const auto others = static_cast<std::uint32_t>(size() - 1);
    for (std::uint32_t last = others - static_cast<std::uint32_t>(targets_); last < others; ++last) {
      std::uint32_t at = random.below(last + 1);
      if (draw.is_picked[at]) at = last;
      draw.is_picked[at] = true;
      draw.picked.push_back({at});
    }
    for (base::PeerId& other : draw.picked) {
      draw.is_picked[other.value] = false;
      if (other >= sender) ++other.value;  // the sender is none of the others
    }
    return draw.picked;
  }

  Neighbourhood finished(Neighbourhood neighbours) const {
    std::sort(neighbours.out.begin(), neighbours.out.end());
    if (own_weights_)
      neighbours.weights.assign(neighbours.in.size(), 1.0 / static_cast<double>(1 + neighbours.in.size()));
    return neighbours;
  }

  std::size_t targets_;
  bool own_weights_;
  std::uint64_t seed_;
};

std::unique_ptr<Schedule> make(const ScheduleBlueprint& blueprint) {
  const auto targets = static_cast<std::size_t>(blueprint.arguments.integer("s"));
  if (targets >= blueprint.n) {
    throw base::OperatorError(fmt::format("{} needs more than {} peers, the swarm has {}{}",
                                          blueprint.arguments.canonical(), targets, blueprint.n,
                                          blueprint.n > 1 ? fmt::format(": use s={} or less", blueprint.n - 1) : ""));
  }
  return std::make_unique<Epidemic>(blueprint.arguments.canonical(), blueprint.n, targets,
                                    blueprint.arguments.is("weights", "receiver"), blueprint.seed);
}

}  // namespace

const ScheduleRow& epidemic_schedule() {
  static constexpr ScheduleRow row{.name = "epidemic",
                                   .summary = "every peer sends to s others of its choice; directed, keeps no average",
                                   .parameters = kParameters,
                                   .make = make};
  return row;
}

}  // namespace parley::topology
