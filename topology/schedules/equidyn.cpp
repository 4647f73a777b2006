#include <algorithm>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "base/random.h"
#include "topology/schedules/schedules.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "form",
     .kind = base::ParameterKind::word,
     .fallback = "directed",
     .choices = "directed|undirected",
     .help = "directed: all hear the peer u places on; undirected: pairs u places apart"},
    {.name = "eta",
     .kind = base::ParameterKind::real,
     .fallback = "0.5",
     .low = 0.01,
     .high = 1,
     .help = "share of the step that is taken: W becomes (1-eta) I + eta W"},
    {.name = "basis",
     .kind = base::ParameterKind::integer,
     .low = 1,
     .high = 1 << 20,
     .help = "number of distances u to draw from, themselves drawn once; all if not given"},
};

/// `count` different distances from 1 ... n-1 that reach every peer together, ascending.
std::vector<std::uint32_t> draw_basis(std::uint64_t seed, std::size_t n, std::size_t count) {
  base::Random random({.seed = seed, .peer = {}, .round = {}, .stream = base::Stream::graph});
  std::vector<std::uint32_t> distances(n - 1);
  std::iota(distances.begin(), distances.end(), 1u);
  constexpr int kMostDraws = 200;
  for (int draw = 0; draw < kMostDraws; ++draw) {
    random.shuffle(std::span(distances));
    std::size_t common = n;
    for (std::size_t k = 0; k < count; ++k) common = std::gcd(common, distances[k]);
    if (common == 1) break;
    if (draw + 1 == kMostDraws) std::swap(distances[0], *std::find(distances.begin(), distances.end(), 1u));
  }
  distances.resize(count);
  std::sort(distances.begin(), distances.end());
  return distances;
}

/// EquiDyn of Song et al. 2022 (EquiTopo): a distance u a round, the same for all peers, so that how fast the peers
/// agree does not depend on how many they are.
class EquiDyn : public SizedSchedule {
 public:
  EquiDyn(const ScheduleBlueprint& blueprint, std::vector<std::uint32_t> basis)
      : SizedSchedule(blueprint.arguments.canonical(), blueprint.n), seed_(blueprint.seed), basis_(std::move(basis)) {
    const double peers = static_cast<double>(blueprint.n);
    weight_ = blueprint.arguments.real("eta") * (peers - 1) / peers;
  }

  std::uint64_t period() const override { return size() <= 2 ? 1 : 0; }
  std::vector<base::PeerId> partners(base::PeerId peer) const override {
    check(peer);
    if (basis_.empty()) return everyone_but(peer, size());
    std::vector<base::PeerId> peers;
    for (const std::uint32_t distance : basis_) {
      peers.push_back(after(peer.value, distance));
      peers.push_back(after(peer.value, size() - distance));
    }
    return distinct(std::move(peers), peer);
  }

 protected:
  base::Random random(base::Round round) const {
    return base::Random({.seed = seed_, .peer = {}, .round = round, .stream = base::Stream::schedule});
  }
  std::size_t draw_distance(base::Random& random) const {
    if (!basis_.empty()) return basis_[random.below(static_cast<std::uint32_t>(basis_.size()))];
    return 1 + random.below(static_cast<std::uint32_t>(size() - 1));
  }
  base::PeerId after(std::size_t place, std::size_t distance) const {
    return {static_cast<std::uint32_t>((place + distance) % size())};
  }
  double weight() const { return weight_; }

 private:
  std::uint64_t seed_;
  std::vector<std::uint32_t> basis_;  // empty: all distances
  double weight_;                     // eta (n-1)/n
};

/// OD-EquiDyn: everyone hears the peer u places on.
class DirectedEquiDyn final : public EquiDyn {
 public:
  using EquiDyn::EquiDyn;
  bool is_directed() const override { return size() > 2; }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    check(peer);
    if (size() == 1) return {};
    base::Random draws = random(round);
    return at_distance(draw_distance(draws), peer);
  }
  std::vector<Neighbourhood> neighbourhoods(base::Round round) const override {
    std::vector<Neighbourhood> all(size());
    if (size() == 1) return all;
    base::Random draws = random(round);
    const std::size_t distance = draw_distance(draws);
    for (std::uint32_t i = 0; i < size(); ++i) all[i] = at_distance(distance, {i});
    return all;
  }

 private:
  Neighbourhood at_distance(std::size_t distance, base::PeerId peer) const {
    return {.in = {after(peer.value, distance)}, .out = {after(peer.value, size() - distance)}, .weights = {weight()}};
  }
};

/// OU-EquiDyn: from a random peer on, whoever is free pairs with the peer u places on, if that one is free, too.
class UndirectedEquiDyn final : public EquiDyn {
 public:
  using EquiDyn::EquiDyn;
  bool is_directed() const override { return false; }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    check(peer);
    return with_weight(mates(round)[peer.value], peer);
  }
  std::vector<Neighbourhood> neighbourhoods(base::Round round) const override {
    const std::vector<std::uint32_t> mate = mates(round);
    std::vector<Neighbourhood> all(size());
    for (std::uint32_t i = 0; i < size(); ++i) all[i] = with_weight(mate[i], {i});
    return all;
  }

 private:
  /// The mate of every peer, itself if it has none.
  std::vector<std::uint32_t> mates(base::Round round) const {
    const std::size_t n = size();
    std::vector<std::uint32_t> mate(n);
    std::iota(mate.begin(), mate.end(), 0u);
    if (n == 1) return mate;
    base::Random draws = random(round);
    const std::size_t distance = draw_distance(draws);
    const std::size_t start = draws.below(static_cast<std::uint32_t>(n));
    for (std::size_t step = 0; step < n; ++step) {
      const std::uint32_t i = after(start, step).value;
      const std::uint32_t j = after(i, distance).value;
      if (mate[i] != i || mate[j] != j) continue;
      mate[i] = j;
      mate[j] = i;
    }
    return mate;
  }
  Neighbourhood with_weight(std::uint32_t mate, base::PeerId peer) const {
    Neighbourhood neighbours = paired_with(mate, peer, size());
    if (!neighbours.in.empty()) neighbours.weights = {weight()};
    return neighbours;
  }
};

std::unique_ptr<Schedule> make(const ScheduleBlueprint& blueprint) {
  const std::size_t n = blueprint.n;
  std::vector<std::uint32_t> basis;
  if (blueprint.arguments.given("basis")) {
    const auto count = static_cast<std::size_t>(blueprint.arguments.integer("basis"));
    if (count + 1 < n) basis = draw_basis(blueprint.seed, n, count);
  }
  if (blueprint.arguments.is("form", "undirected"))
    return std::make_unique<UndirectedEquiDyn>(blueprint, std::move(basis));
  return std::make_unique<DirectedEquiDyn>(blueprint, std::move(basis));
}

}  // namespace

const ScheduleRow& equidyn_schedule() {
  static constexpr ScheduleRow row{
      .name = "equidyn",
      .summary = "one peer a round at a random distance, the same for all; agrees as fast however many they are",
      .parameters = kParameters,
      .make = make};
  return row;
}

}  // namespace parley::topology
