#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/random.h"
#include "topology/schedules/schedules.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "degree",
     .kind = base::ParameterKind::integer,
     .low = 1,
     .high = 1 << 20,
     .help = "neighbours of every peer in every round",
     .required = true},
};

/// In every round the peers stand in a circle in a random order, and each exchanges with those at degree/2 random
/// distances, on both sides; if the degree is odd, with the one opposite as well. That is not every regular graph with
/// the same probability, but any two peers meet as often as any other two, which alone decides the mean-square rate:
/// E[W^T W] commutes with all permutations, so that its other eigenvalues are all (|W|_F^2 - 1) / (n - 1). It costs one
/// shuffle and never has to be drawn again, as pairing free ends at random does.
class RandomRegular final : public SizedSchedule {
 public:
  RandomRegular(std::string spec, std::size_t n, std::size_t degree, std::uint64_t seed)
      : SizedSchedule(std::move(spec), n), degree_(degree), seed_(seed) {}

  std::uint64_t period() const override { return degree_ + 1 >= size() ? 1 : 0; }
  bool is_directed() const override { return false; }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    check(peer);
    const Circle circle = draw(round);
    const auto& order = circle.order;
    return of(circle, static_cast<std::size_t>(std::find(order.begin(), order.end(), peer.value) - order.begin()));
  }
  std::vector<Neighbourhood> neighbourhoods(base::Round round) const override {
    const Circle circle = draw(round);
    std::vector<Neighbourhood> all(size());
    for (std::size_t place = 0; place < size(); ++place) all[circle.order[place]] = of(circle, place);
    return all;
  }
  std::vector<base::PeerId> partners(base::PeerId peer) const override {
    check(peer);
    return everyone_but(peer, size());
  }

 private:
  struct Circle {
    std::vector<std::uint32_t> order;
    std::vector<std::uint32_t> distances;  // degree of them, from 1 to n - 1
  };

  Circle draw(base::Round round) const {
    const std::size_t n = size();
    base::Random random({.seed = seed_, .peer = {}, .round = round, .stream = base::Stream::schedule});
    Circle circle{.order = std::vector<std::uint32_t>(n), .distances = std::vector<std::uint32_t>((n - 1) / 2)};
    std::iota(circle.order.begin(), circle.order.end(), 0u);
    random.shuffle(std::span(circle.order));
    std::iota(circle.distances.begin(), circle.distances.end(), 1u);
    for (std::size_t k = 0; k < degree_ / 2; ++k) {
      const auto left = static_cast<std::uint32_t>(circle.distances.size() - k);
      std::swap(circle.distances[k], circle.distances[k + random.below(left)]);
    }
    circle.distances.resize(degree_ / 2);
    for (std::size_t k = 0; k < degree_ / 2; ++k)
      circle.distances.push_back(static_cast<std::uint32_t>(n) - circle.distances[k]);
    if (degree_ % 2 == 1) circle.distances.push_back(static_cast<std::uint32_t>(n / 2));
    return circle;
  }

  Neighbourhood of(const Circle& circle, std::size_t place) const {
    std::vector<base::PeerId> peers;
    peers.reserve(degree_);
    for (const std::uint32_t distance : circle.distances) peers.push_back({circle.order[(place + distance) % size()]});
    std::sort(peers.begin(), peers.end());
    return {.in = peers, .out = std::move(peers)};
  }

  std::size_t degree_;
  std::uint64_t seed_;
};

std::unique_ptr<Schedule> make(const ScheduleBlueprint& blueprint) {
  const std::string spec = blueprint.arguments.canonical();
  const auto degree = static_cast<std::size_t>(blueprint.arguments.integer("degree"));
  const std::size_t n = blueprint.n;
  if (degree >= n) {
    throw base::OperatorError(fmt::format("{} needs more than {} peers, the swarm has {}{}", spec, degree, n,
                                          n > 1 ? fmt::format(": use degree={} or less", n - 1) : ""));
  }
  if (n % 2 == 1 && degree % 2 == 1) {
    throw base::OperatorError(fmt::format(
        "{}: {} peers cannot all have {} neighbours, since both are odd: use degree={}", spec, n, degree, degree + 1));
  }
  return std::make_unique<RandomRegular>(spec, n, degree, blueprint.seed);
}

}  // namespace

const ScheduleRow& random_regular_schedule() {
  static constexpr ScheduleRow row{.name = "random-regular",
                                   .summary = "every peer has `degree` neighbours, drawn anew in every round",
                                   .parameters = kParameters,
                                   .make = make};
  return row;
}

}  // namespace parley::topology
