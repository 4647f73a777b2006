#include "topology/joint_connectivity.h"

#include <algorithm>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/strong_components.hpp>
#include <vector>

#include "base/error.h"
#include "topology/schedule.h"

namespace parley::topology {

bool JointConnectivity::connected_since(std::uint64_t first) const {
  if (n_ == 1) return true;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> arcs;  // ascending, as the map is
  for (const auto& [arc, round] : last_seen_) {
    if (round >= first) arcs.push_back(arc);
  }
  if (arcs.size() < n_) return false;  // not even a ring of arcs
  using Arcs = boost::compressed_sparse_row_graph<boost::directedS>;
  const Arcs graph(boost::edges_are_sorted, arcs.begin(), arcs.end(), n_);
  std::vector<std::size_t> component(n_);
  return boost::strong_components(
             graph, boost::make_iterator_property_map(component.begin(), get(boost::vertex_index, graph))) == 1;
}

void JointConnectivity::observe(std::span<const Neighbourhood> of_round) {
  PARLEY_CHECK(of_round.size() == n_, of_round.size(), n_);
  const std::uint64_t now = rounds_++;
  for (std::uint32_t i = 0; i < n_; ++i) {
    for (const base::PeerId j : of_round[i].in) last_seen_[{j.value, i}] = now;
  }
  // The rounds up to the first that connects all since round 0 count as a whole: no smaller B has a first window.
  if (!first_ && connected_since(0)) {
    first_ = 0;
    window_ = now + 1;
  }
  if (!first_) return;
  while (*first_ < now && connected_since(*first_ + 1)) ++*first_;
  window_ = std::max(window_, now + 1 - *first_);
  std::erase_if(last_seen_, [&](const auto& seen) { return seen.second < *first_; });
}

std::optional<std::uint64_t> JointConnectivity::window() const {
  return first_ ? std::optional(window_) : std::nullopt;
}

std::optional<std::uint64_t> joint_window(const Schedule& schedule, base::Round first, std::uint64_t rounds) {
  JointConnectivity connectivity(schedule.size());
  for (std::uint64_t t = 0; t < rounds; ++t) connectivity.observe(schedule.neighbourhoods({first.value + t}));
  return connectivity.window();
}

}  // namespace parley::topology
