#include <algorithm>
#include <boost/graph/bipartite.hpp>
#include <boost/graph/connected_components.hpp>

#include "base/error.h"
#include "topology/diameter.h"
#include "topology/graph.h"

namespace parley::topology {

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
  if (shape.components == 1) {
    const Diameter found = diameter(graph);
    shape.diameter = found.hops;
    shape.diameter_is_exact = found.is_exact;
  }
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
