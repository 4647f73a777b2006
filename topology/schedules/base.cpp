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

struct Link {
  std::size_t place;
  double weight;
};

std::vector<Link> clique(const CliqueRounds& cliques, std::size_t first, std::size_t place, std::size_t round) {
  std::vector<Link> links;
  if (round >= cliques.rounds()) return links;
  for (const std::size_t other : cliques.others(place, round))
    links.push_back({.place = first + other, .weight = cliques.weight(round)});
  return links;
}

/// The simple base-(k+1) graph on m places. With m = sum_l a_l (k+1)^p_l, p_1 > p_2 > ... and 1 <= a_l <= k, the places
/// fall into groups V_l of a_l (k+1)^p_l, and each group into a_l parts:
///   opening   every group averages within itself;
///   crossing  in round l each place of the groups after V_l hears one place of each part of V_l, and is heard by it,
///   with
///             weight |part| / (|V_l| + |V_l+1| + ...), after which those groups know the average of all;
///   closing   a part of V_l, which has heard one of them in every place or its like, averages within itself, starting
///   in
///             the round after its crossing.
class SimpleBase {
 public:
  SimpleBase(std::size_t m, std::size_t k) : m_(m) {
    if (auto whole = CliqueRounds::on(m, k + 1)) {
      groups_.push_back({.first = 0, .part_size = m, .parts = 1, .whole = *whole, .part = *whole});
    } else {
      split(k);
    }
    for (const Group& group : groups_) opening_ = std::max(opening_, group.whole.rounds());
    rounds_ = opening_ + groups_.size() - 1;
    for (std::size_t l = 0; l + 1 < groups_.size(); ++l)
      rounds_ = std::max(rounds_, opening_ + l + 1 + groups_[l].part.rounds());
  }

  std::size_t rounds() const { return rounds_; }

  /// Checked by who calls: place < m, round < rounds().
  std::vector<Link> links(std::size_t place, std::size_t round) const {
    std::size_t l = groups_.size() - 1;
    while (place < groups_[l].first) --l;
    const Group& own = groups_[l];
    if (round < opening_) return clique(own.whole, own.first, place - own.first, round);
    const std::size_t crossing = round - opening_;
    if (l + 1 == groups_.size() && crossing + 1 >= groups_.size()) return {};  // the last group knows the average
    if (crossing < l) return across_to(groups_[crossing], place);
    if (crossing == l) return across_from(own, groups_[l + 1].first, place);
    const std::size_t in_part = (place - own.first) % own.part_size;
    return clique(own.part, place - in_part, in_part, crossing - l - 1);
  }

 private:
  struct Group {
    std::size_t first;      ///< its places are first ... first + parts * part_size - 1
    std::size_t part_size;  ///< (k+1)^p_l
    std::size_t parts;      ///< a_l
    CliqueRounds whole, part;
  };

  void split(std::size_t k) {
    std::size_t first = 0;
    std::size_t part_size = 1;
    while (part_size <= m_ / (k + 1)) part_size *= k + 1;
    for (; part_size >= 1; part_size /= k + 1) {
      const std::size_t parts = (m_ - first) / part_size;
      if (parts == 0) continue;
      // Both exist: parts <= k, and part_size is a power of k + 1.
      groups_.push_back({.first = first,
                         .part_size = part_size,
                         .parts = parts,
                         .whole = CliqueRounds::on(parts * part_size, k + 1).value(),
                         .part = CliqueRounds::on(part_size, k + 1).value()});
      first += parts * part_size;
    }
    PARLEY_CHECK(first == m_, first, m_);
  }

  double crossing_weight(const Group& group) const {
    return static_cast<double>(group.part_size) / static_cast<double>(m_ - group.first);
  }

  /// From a place behind `group` to one place of each of its parts.
  std::vector<Link> across_to(const Group& group, std::size_t place) const {
    std::vector<Link> links;
    const std::size_t rank = place - (group.first + group.parts * group.part_size);
    for (std::size_t part = 0; part < group.parts; ++part)
      links.push_back({.place = group.first + part * group.part_size + rank, .weight = crossing_weight(group)});
    return links;
  }

  /// The same link, seen from within `group`.
  std::vector<Link> across_from(const Group& group, std::size_t behind, std::size_t place) const {
    const std::size_t rank = (place - group.first) % group.part_size;
    if (behind + rank >= m_) return {};
    return {{.place = behind + rank, .weight = crossing_weight(group)}};
  }

  std::size_t m_;
  std::vector<Group> groups_;
  std::size_t opening_ = 0;  // rounds of the opening
  std::size_t rounds_ = 0;
};

/// The base-(k+1) graph (Takezawa et al. 2023, "Beyond exponential graph"): the simple one on all peers, or, with n = p
/// q where p has small prime factors only, simple ones on p groups of q and then the hyper-hypercube across the groups,
/// whichever takes fewer rounds.
class BaseGraph final : public SizedSchedule {
 public:
  BaseGraph(std::string spec, std::size_t n, std::size_t k)
      : SizedSchedule(std::move(spec), n),
        group_size_(n / smooth_part(n, k + 1)),
        simple_(group_size_, k),
        across_(CliqueRounds::on(n / group_size_, k + 1).value()) {
    const SimpleBase on_all(n, k);
    if (on_all.rounds() > rounds()) return;
    group_size_ = n;
    simple_ = on_all;
    across_ = CliqueRounds::on(1, k + 1).value();
  }

  std::uint64_t period() const override { return std::max<std::uint64_t>(rounds(), 1); }
  bool is_directed() const override { return false; }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    check(peer);
    if (rounds() == 0) return {};
    std::vector<Link> links = links_in(peer.value, round.value % rounds());
    std::sort(links.begin(), links.end(), [](const Link& a, const Link& b) { return a.place < b.place; });
    Neighbourhood neighbours;
    for (const auto& [place, weight] : links) {
      neighbours.in.push_back({static_cast<std::uint32_t>(place)});
      neighbours.weights.push_back(weight);
    }
    neighbours.out = neighbours.in;
    return neighbours;
  }
  std::vector<base::PeerId> partners(base::PeerId peer) const override {
    check(peer);
    std::vector<base::PeerId> peers;
    for (std::size_t round = 0; round < rounds(); ++round) {
      for (const Link& link : links_in(peer.value, round)) peers.push_back({static_cast<std::uint32_t>(link.place)});
    }
    return distinct(std::move(peers), peer);
  }

 private:
  std::size_t rounds() const { return simple_.rounds() + across_.rounds(); }

  std::vector<Link> links_in(std::size_t place, std::size_t round) const {
    const std::size_t group = place / group_size_, rank = place % group_size_;
    std::vector<Link> links;
    if (round < simple_.rounds()) {
      links = simple_.links(rank, round);
      for (Link& link : links) link.place += group * group_size_;
    } else {
      links = clique(across_, 0, group, round - simple_.rounds());
      for (Link& link : links) link.place = link.place * group_size_ + rank;
    }
    return links;
  }

  std::size_t group_size_;
  SimpleBase simple_;
  CliqueRounds across_;
};

std::unique_ptr<Schedule> make(const ScheduleBlueprint& blueprint) {
  return std::make_unique<BaseGraph>(blueprint.arguments.canonical(), blueprint.n,
                                     static_cast<std::size_t>(blueprint.arguments.integer("k")));
}

}  // namespace

const ScheduleRow& base_schedule() {
  static constexpr ScheduleRow row{
      .name = "base",
      .summary = "base-(k+1) graph: the exact average after about 2 log n rounds on any number of peers",
      .parameters = kParameters,
      .make = make};
  return row;
}

}  // namespace parley::topology
