// The rows of the graph registry, and what families share to build their graphs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/random.h"
#include "topology/graph.h"

namespace parley::topology {

const GraphRow& ring_family();
const GraphRow& path_family();
const GraphRow& star_family();
const GraphRow& complete_family();
const GraphRow& complete_bipartite_family();
const GraphRow& tree_family();
const GraphRow& grid_family();
const GraphRow& torus_family();
const GraphRow& hypercube_family();
const GraphRow& hyper_hypercube_family();
const GraphRow& exponential_family();
const GraphRow& u_equistatic_family();
const GraphRow& erdos_renyi_family();
const GraphRow& random_regular_family();
const GraphRow& watts_strogatz_family();
const GraphRow& barabasi_albert_family();
const GraphRow& stochastic_block_family();
const GraphRow& random_geometric_family();
const GraphRow& file_family();
const GraphRow& directed_ring_family();
const GraphRow& directed_exponential_family();
const GraphRow& d_equistatic_family();

/// The simple graph with these edges on n peers: loops are left out and parallel edges become one, which is what a
/// formula for the general case needs when it wraps around few peers. Edges are stored in ascending
/// order, so the same set gives the same graph. Checked: every end is below n.
Graph simple_graph(std::size_t n, std::vector<Edge> edges);

/// One axis of a lattice.
struct Axis {
  std::size_t length = 1;  ///< peers along it, at least 1
  bool closed = false;     ///< the last peer is a neighbour of the first
};

/// The lattice with one or two axes; peers are numbered along the last axis first (row-major).
Graph lattice(std::span<const Axis> axes);

/// Evenly spaced on a circle, clockwise from the top: GraphRow::places of families that are at home there.
std::vector<Point> places_on_a_circle(const base::Arguments& arguments, std::size_t n, std::uint64_t seed);

/// How often a random family draws before it gives up on a connected graph.
inline constexpr std::uint64_t kMaxDraws = 200;

/// The first connected graph among up to kMaxDraws draws, or nothing. Draw number k gets a stream of its own, keyed by
/// (seed, k); `draw` returns nothing if it sees early that its graph would not do.
std::optional<Graph> draw_connected(std::uint64_t seed,
                                    const std::function<std::optional<Graph>(base::Random& random)>& draw);

}  // namespace parley::topology
