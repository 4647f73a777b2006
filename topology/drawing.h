// Pictures of graphs, and of the rounds of a schedule, as SVG.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "topology/graph.h"

namespace parley::topology {

/// Beyond this, nodes are dots and a layout takes its time.
inline constexpr std::size_t kMostDrawn = 2000;

/// A line of a picture.
struct DrawnEdge {
  std::size_t from = 0, to = 0;
  double weight = 1;         ///< its width, relative to the widest of the picture
  bool is_directed = false;  ///< with an arrow head
};

/// One graph of a picture.
struct Panel {
  std::vector<DrawnEdge> edges;
  std::string title;  ///< below it; empty: none
};

/// Panels of the same peers at the same places, side by side.
struct Drawing {
  std::vector<Point> places;        ///< one per peer, on any scale
  std::vector<std::string> labels;  ///< one per peer, shown where the pointer is; the number stands in the picture
  std::vector<Panel> panels;        ///< at least one
};

/// Where the peers of the graph that `spec` names are shown: where its family says, else where springs along the edges
/// put them. Throws base::OperatorError as make_graph does. Checked: n <= kMostDrawn.
std::vector<Point> places_of(std::string_view spec, const Graph& graph, std::uint64_t seed);

/// By springs: the distance in hops is the length that they want (Kamada and Kawai 1989); graphs in parts and large
/// ones by forces that push peers apart and pull neighbours together (Fruchterman and Reingold 1991).
std::vector<Point> places_by_springs(const Graph& graph);

/// The same drawing gives the same text. Checked: as many places as labels, every edge between two of them.
std::string svg(const Drawing& drawing);

}  // namespace parley::topology
