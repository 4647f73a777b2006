// Directed graphs of peers: one may send to another without hearing it. Built on Boost.Graph.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "topology/graph.h"

namespace parley::topology {

/// True if the family that `spec` names makes directed graphs. Throws base::OperatorError for an unknown family.
bool is_directed_graph(std::string_view spec);

/// The graph that `spec` names, of any family: an undirected one has each edge in both directions. Throws as make_graph
/// does.
Digraph make_digraph(std::string_view spec, std::size_t n, std::uint64_t seed);

/// The same peers, with two arcs for every edge.
Digraph both_ways(const Graph& graph);

/// One way from a sender to a receiver.
struct WeightedArc {
  std::size_t from = 0, to = 0;
  double weight = 0;
};
/// The simple digraph with these arcs: loops are left out, parallel arcs become one with the sum of their weights. Arcs
/// are stored in ascending order. Checked: every end is below n.
Digraph simple_digraph(std::size_t n, std::vector<WeightedArc> arcs, DigraphProperties properties);

/// Those of all peers, in ascending order. With weights if the graph has them.
std::vector<Neighbourhood> neighbourhoods(const Digraph& graph);
std::vector<Neighbourhood> neighbourhoods(const Graph& graph);

/// The digraph in which every peer hears whom it says it hears; has weights if any peer has. Checked: the peers agree
/// on who sends to whom.
Digraph digraph_of(std::span<const Neighbourhood> neighbourhoods);

/// That graph in every round: the schedule `static` for a graph that no spec names.
std::unique_ptr<Schedule> fixed_schedule(const Digraph& graph);
std::unique_ptr<Schedule> fixed_schedule(const Graph& graph);

/// What holds in one round of a schedule, directed or not.
Digraph digraph_of_round(const Schedule& schedule, base::Round round);

/// 64-bit hash of the peers, the arcs and the weights: see the one of Graph.
std::uint64_t fingerprint(const Digraph& graph);

/// What is said of a directed graph before a byte is sent.
struct DirectedShape {
  std::size_t peers = 0, arcs = 0;
  std::size_t min_in_degree = 0, max_in_degree = 0, min_out_degree = 0, max_out_degree = 0;
  /// Number of strongly connected components (Tarjan 1972, in Boost); component[i] is that of peer i.
  std::size_t components = 0;
  std::vector<std::size_t> component;
  bool balanced = false;   ///< every peer hears as many as it sends to
  bool symmetric = false;  ///< every arc has its reverse
};
DirectedShape shape(const Digraph& graph);

/// Throws base::OperatorError unless there is a way along the arcs from every peer to every other: names the peers of
/// the smallest part that others do not hear, or that hears nobody else.
void require_strongly_connected(const Digraph& graph, std::span<const std::string> names);

}  // namespace parley::topology
