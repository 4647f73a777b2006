#include "topology/families/families.h"

#include <algorithm>
#include <array>
#include <boost/graph/circle_layout.hpp>
#include <boost/graph/connected_components.hpp>
#include <boost/graph/grid_graph.hpp>
#include <boost/graph/topology.hpp>

#include "base/error.h"

namespace parley::topology {
namespace {

template <std::size_t kDimensions>
Graph lattice_of(std::span<const Axis> axes) {
  // Boost varies the first axis fastest; ours varies the last one fastest.
  boost::array<std::size_t, kDimensions> lengths{};
  boost::array<bool, kDimensions> closed{};
  for (std::size_t i = 0; i < kDimensions; ++i) {
    lengths[i] = axes[kDimensions - 1 - i].length;
    closed[i] = axes[kDimensions - 1 - i].closed && lengths[i] > 2;  // one or two peers have nothing to close
  }
  const boost::grid_graph<kDimensions> grid(lengths, closed);
  const auto index = get(boost::vertex_index, grid);
  std::vector<Edge> ends;
  for (auto [edge, end] = edges(grid); edge != end; ++edge)
    ends.emplace_back(get(index, source(*edge, grid)), get(index, target(*edge, grid)));
  return simple_graph(num_vertices(grid), std::move(ends));
}

bool is_connected(const Graph& graph) {
  std::vector<std::size_t> component(num_vertices(graph));
  return boost::connected_components(graph, component.data()) <= 1;
}

}  // namespace

Graph simple_graph(std::size_t n, std::vector<Edge> edges) {
  std::erase_if(edges, [](const Edge& edge) { return edge.first == edge.second; });
  for (auto& [low, high] : edges) {
    if (low > high) std::swap(low, high);
    PARLEY_CHECK(high < n, low, high, n);
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return Graph(edges.begin(), edges.end(), n);
}

Graph lattice(std::span<const Axis> axes) {
  PARLEY_CHECK(axes.size() == 1 || axes.size() == 2, axes.size());
  return axes.size() == 1 ? lattice_of<1>(axes) : lattice_of<2>(axes);
}

std::vector<Point> places_on_a_circle(const base::Arguments&, std::size_t n, std::uint64_t) {
  using Place = boost::convex_topology<2>::point;
  std::vector<Place> around(n);
  const Graph peers(n);
  boost::circle_graph_layout(peers, boost::make_iterator_property_map(around.begin(), get(boost::vertex_index, peers)),
                             1.0);
  std::vector<Point> places;
  places.reserve(n);
  for (const Place& place : around) places.push_back({.x = place[1], .y = -place[0]});  // Boost begins on the right
  return places;
}

std::optional<Graph> draw_connected(std::uint64_t seed,
                                    const std::function<std::optional<Graph>(base::Random& random)>& draw) {
  for (std::uint64_t k = 0; k < kMaxDraws; ++k) {
    base::Random random({.seed = seed, .peer = {}, .round = {k}, .stream = base::Stream::graph});
    std::optional<Graph> graph = draw(random);
    if (graph && is_connected(*graph)) return graph;
  }
  return std::nullopt;
}

}  // namespace parley::topology
