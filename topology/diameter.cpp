#include "topology/diameter.h"

#include <algorithm>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/pending/queue.hpp>
#include <numeric>
#include <vector>

#include "base/error.h"

namespace parley::topology {
namespace {

/// Steps along edges that all searches together may take: about a second.
constexpr double kMostSteps = 4e8;

using Queue = boost::queue<std::size_t>;

/// Writes down how far each peer is, and empties the queue once all have been found: in a
/// dense graph that is after a few peers, and the rest of the edges need not be looked at.
class Recorder : public boost::default_bfs_visitor {
 public:
  Recorder(std::vector<std::size_t>& distance, std::size_t& found, Queue& queue)
      : distance_(distance), found_(found), queue_(queue) {}

  void discover_vertex(std::size_t, const Graph& graph) {
    if (++found_ < num_vertices(graph)) return;
    while (!queue_.empty()) queue_.pop();
  }
  template <class Edge>
  void tree_edge(const Edge& edge, const Graph& graph) {
    distance_[target(edge, graph)] = distance_[source(edge, graph)] + 1;
  }

 private:
  std::vector<std::size_t>& distance_;
  std::size_t& found_;
  Queue& queue_;
};

/// Breadth-first searches over one graph, one after the other.
class Searches {
 public:
  explicit Searches(const Graph& graph) : graph_(graph), distance_(num_vertices(graph)), color_(num_vertices(graph)) {}

  /// Searches from `start`; returns the peer that is farthest away, the first of several.
  std::size_t farthest_from(std::size_t start) {
    std::fill(color_.begin(), color_.end(), boost::white_color);
    distance_[start] = 0;
    std::size_t found = 0;
    boost::breadth_first_visit(graph_, start, queue_, Recorder(distance_, found, queue_),
                               boost::make_iterator_property_map(color_.begin(), get(boost::vertex_index, graph_)));
    ++searches_;
    return static_cast<std::size_t>(std::max_element(distance_.begin(), distance_.end()) - distance_.begin());
  }
  std::size_t eccentricity(std::size_t start) { return distance_[farthest_from(start)]; }

  /// Of the last search.
  const std::vector<std::size_t>& distance() const { return distance_; }

  /// Steps that so many searches would take at most.
  double steps(double searches) const {
    return searches * static_cast<double>(num_vertices(graph_) + 2 * num_edges(graph_));
  }
  bool has_time() const { return steps(static_cast<double>(searches_) + 1) <= kMostSteps; }

 private:
  const Graph& graph_;
  std::vector<std::size_t> distance_;
  std::vector<boost::default_color_type> color_;
  Queue queue_;  // empty between searches
  std::size_t searches_ = 0;
};

/// A peer that is near to all ends of the graph: to two of them, and to those that are farthest from the middles
/// between the ends before.
std::size_t middle_between(Searches& searches, std::vector<std::size_t> ends) {
  constexpr std::size_t kMostEnds = 8;
  std::vector<std::size_t> farthest;  // how far every peer is from the farthest end
  std::size_t middle = 0;
  for (std::size_t k = 0; k < kMostEnds; ++k) {
    if (k == ends.size()) ends.push_back(searches.farthest_from(middle));
    searches.farthest_from(ends[k]);
    const auto& distance = searches.distance();
    if (k == 0) farthest = distance;
    std::transform(distance.begin(), distance.end(), farthest.begin(), farthest.begin(),
                   [](std::size_t a, std::size_t b) { return std::max(a, b); });
    middle = static_cast<std::size_t>(std::min_element(farthest.begin(), farthest.end()) - farthest.begin());
  }
  return middle;
}

/// From a middle of the graph outside in: peers that are i hops from it are at most 2 i apart, so that once all farther
/// ones have been searched from, a longer path than 2 i is ruled out (Crescenzi et al. 2013).
Diameter fringe_diameter(const Graph& graph, Searches& searches, std::size_t middle, std::size_t at_least) {
  searches.farthest_from(middle);
  const std::vector<std::size_t> distance = searches.distance();
  std::vector<std::size_t> outside_in(num_vertices(graph));
  std::iota(outside_in.begin(), outside_in.end(), std::size_t{0});
  std::stable_sort(outside_in.begin(), outside_in.end(),
                   [&](std::size_t a, std::size_t b) { return distance[a] > distance[b]; });
  for (const std::size_t peer : outside_in) {
    if (at_least >= 2 * distance[peer]) return {.hops = at_least, .is_exact = true};
    if (!searches.has_time()) return {.hops = at_least, .is_exact = false};
    at_least = std::max(at_least, searches.eccentricity(peer));
  }
  return {.hops = at_least, .is_exact = true};
}

}  // namespace

Diameter diameter(const Graph& connected) {
  const std::size_t n = num_vertices(connected);
  PARLEY_CHECK(n >= 1);
  Searches searches(connected);
  if (searches.steps(static_cast<double>(n)) <= kMostSteps) {
    std::size_t longest = 0;
    for (std::size_t start = 0; start < n; ++start) longest = std::max(longest, searches.eccentricity(start));
    return {.hops = longest, .is_exact = true};
  }
  // Twice to the farthest: on a tree that is a longest path, elsewhere nearly always.
  const std::size_t one_end = searches.farthest_from(0);
  const std::size_t other_end = searches.farthest_from(one_end);
  const std::size_t length = searches.distance()[other_end];
  if (num_edges(connected) + 1 == n) return {.hops = length, .is_exact = true};
  return fringe_diameter(connected, searches, middle_between(searches, {one_end, other_end}), length);
}

}  // namespace parley::topology
