// Undirected graphs of peers, their generators, and what can be said of their shape. Built on Boost.Graph.
#pragma once

#include <boost/graph/adjacency_list.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/spec.h"
#include "topology/neighbourhood.h"

namespace parley::topology {

class Schedule;

/// Vertex i is the peer with id i. Simple: no loops, no parallel edges.
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS>;

/// What an arc of a directed graph may know.
struct ArcProperties {
  double weight = 0;  ///< w_ij, if the graph has weights
};
struct DigraphProperties {
  bool has_weights = false;  ///< the construction says how much each counts; otherwise a weight rule does
};

/// Vertex i is the peer with id i; an edge from j to i means that i hears j. No loops, no parallel arcs.
using Digraph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, boost::no_property,
                                      ArcProperties, DigraphProperties>;

/// Two peers that are neighbours, in either order.
using Edge = std::pair<std::size_t, std::size_t>;

/// A place in the plane, for drawings: x to the right, y downwards.
struct Point {
  double x = 0, y = 0;
};

/// One family of graphs. Adding one: its file, its row, its tests.
struct GraphRow {
  std::string_view name;
  std::string_view summary;
  std::span<const base::Parameter> parameters;
  /// Builds the graph on n >= 1 peers. Random families draw from `seed` alone. Throws base::OperatorError if the
  /// arguments do not fit n.
  Graph (*make)(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) = nullptr;
  /// The same for a family of directed graphs: each row has one of the two.
  Digraph (*make_directed)(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) = nullptr;
  /// Where a drawing shows the peers of the graph that `make` builds from the same, on any scale; nullptr if the edges
  /// shall decide.
  std::vector<Point> (*places)(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) = nullptr;
};

/// All families, in the order in which they are listed to people.
std::span<const GraphRow> graph_registry();

/// Builds the graph that `spec` names on n peers: "ring", "torus(rows=2, cols=4)", "file(g.csv)". Throws
/// base::OperatorError for an unknown family, arguments out of bounds, arguments that do not fit n, or a directed
/// family (see digraph.h).
Graph make_graph(std::string_view spec, std::size_t n, std::uint64_t seed);

/// The spec with all its parameters spelled out: peers agree only if these are equal.
std::string canonical_graph_spec(std::string_view spec);

Neighbourhood neighbourhood(const Graph& graph, base::PeerId peer);

/// The graph on which a schedule's peers exchange in one round.
Graph graph_of_round(const Schedule& schedule, base::Round round);

/// 64-bit hash of the number of peers and the edges. The spec does not say what an edge file holds: peers whose
/// fingerprints differ have different files.
std::uint64_t fingerprint(const Graph& graph);

/// What is said of a graph before a byte is sent.
struct Shape {
  std::size_t peers = 0, edges = 0;
  std::size_t min_degree = 0, max_degree = 0;
  /// Number of connected components; component[i] is that of peer i.
  std::size_t components = 0;
  std::vector<std::size_t> component;
  std::optional<std::size_t> diameter;  ///< longest shortest path in hops; nothing if disconnected
  bool diameter_is_exact = true;        ///< false, on very large graphs: it is at least that
  bool bipartite = false;
};
Shape shape(const Graph& graph);

/// Throws base::OperatorError that names the peers of the smallest component if the graph is not connected.
/// `names` has one name per peer.
void require_connected(const Graph& graph, std::span<const std::string> names);

}  // namespace parley::topology
