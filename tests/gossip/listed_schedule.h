// A schedule from a list, for tests: the arcs of each round, again and again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "topology/schedule.h"

namespace parley::topology {

/// From whom, to whom.
using Arcs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

/// Both directions of every edge.
inline Arcs both_ways(const Arcs& edges) {
  Arcs arcs = edges;
  for (const auto& [a, b] : edges) arcs.emplace_back(b, a);
  return arcs;
}

class ListedSchedule final : public Schedule {
 public:
  ListedSchedule(std::size_t n, std::vector<Arcs> rounds) : n_(n), rounds_(std::move(rounds)) {
    for (Arcs& arcs : rounds_) std::sort(arcs.begin(), arcs.end());
  }
  const std::string& spec() const override { return spec_; }
  std::size_t size() const override { return n_; }
  std::uint64_t period() const override { return rounds_.size(); }
  bool is_directed() const override {
    return std::any_of(rounds_.begin(), rounds_.end(), [](const Arcs& arcs) {
      return std::any_of(arcs.begin(), arcs.end(), [&](const auto& arc) {
        return !std::binary_search(arcs.begin(), arcs.end(), std::pair(arc.second, arc.first));
      });
    });
  }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    Neighbourhood hood;
    for (const auto& [from, to] : rounds_[round.value % rounds_.size()]) {
      if (from == peer.value) hood.out.push_back({to});
      if (to == peer.value) hood.in.push_back({from});
    }
    std::sort(hood.in.begin(), hood.in.end());
    return hood;
  }
  std::vector<base::PeerId> partners(base::PeerId peer) const override {
    std::vector<base::PeerId> all;
    for (std::uint64_t t = 0; t < rounds_.size(); ++t) {
      const Neighbourhood hood = neighbours(peer, {t});
      all.insert(all.end(), hood.in.begin(), hood.in.end());
      all.insert(all.end(), hood.out.begin(), hood.out.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

 private:
  std::size_t n_;
  std::vector<Arcs> rounds_;
  std::string spec_ = "listed";
};

}  // namespace parley::topology
