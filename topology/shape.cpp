#include <algorithm>
#include <boost/graph/bipartite.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/connected_components.hpp>
#include <boost/pending/queue.hpp>
#include <numeric>

#include "base/error.h"
#include "topology/graph.h"

namespace parley::topology {
namespace {

using Queue = boost::queue<std::size_t>;

/// Writes down how far each peer is, and empties the queue once all have been found: in a dense graph that is after a
/// few peers, and the rest of the edges need not be looked at.
class DistanceRecorder : public boost::default_bfs_visitor {
 public:
  DistanceRecorder(std::vector<std::size_t>& distance, std::size_t& found, Queue& queue)
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

/// The longest shortest path of a connected graph.
std::size_t diameter(const Graph& graph) {
  const std::size_t n = num_vertices(graph);
  std::vector<std::size_t> distance(n);
  std::vector<boost::default_color_type> color(n);
  Queue queue;  // empty between searches
  std::size_t longest = 0;
  for (std::size_t start = 0; start < n; ++start) {
    std::fill(color.begin(), color.end(), boost::white_color);
    distance[start] = 0;
    std::size_t found = 0;
    boost::breadth_first_visit(graph, start, queue, DistanceRecorder(distance, found, queue),
                               boost::make_iterator_property_map(color.begin(), get(boost::vertex_index, graph)));
    longest = std::max(longest, *std::max_element(distance.begin(), distance.end()));
  }
  return longest;
}

}  // namespace

Shape shape(const Graph& graph) {
  const std::size_t n = num_vertices(graph);
  PARLEY_CHECK(n >= 1);
  Shape shape;
  shape.peers = n;
  shape.edges = num_edges(graph);
  shape.min_degree = n;
  shape.component.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t degree = out_degree(i, graph);
    shape.min_degree = std::min(shape.min_degree, degree);
    shape.max_degree = std::max(shape.max_degree, degree);
  }
  shape.components = boost::connected_components(graph, shape.component.data());
  if (shape.components == 1) shape.diameter = diameter(graph);
  shape.bipartite = boost::is_bipartite(graph);
  return shape;
}

void require_connected(const Graph& graph, std::span<const std::string> names) {
  const std::size_t n = num_vertices(graph);
  PARLEY_CHECK(names.size() == n, names.size(), n);
  std::vector<std::size_t> component(n);
  const std::size_t components = boost::connected_components(graph, component.data());
  if (components <= 1) return;
  std::vector<std::size_t> sizes(components);
  for (const std::size_t of_peer : component) ++sizes[of_peer];
  const auto smallest = static_cast<std::size_t>(std::min_element(sizes.begin(), sizes.end()) - sizes.begin());

  constexpr std::size_t kMostNamed = 8;
  std::vector<std::string_view> cut_off;
  for (std::size_t i = 0; i < n && cut_off.size() < kMostNamed; ++i) {
    if (component[i] == smallest) cut_off.push_back(names[i]);
  }
  const std::size_t unnamed = sizes[smallest] - cut_off.size();
  throw base::OperatorError(fmt::format(
      "the graph is not connected: it falls into {} parts, the smallest of which is {}{}; add an edge that joins "
      "each part to another, or choose another graph",
      components, fmt::join(cut_off, ", "), unnamed > 0 ? fmt::format(" and {} more", unnamed) : ""));
}

}  // namespace parley::topology
