// Reads a graph from Graphviz' DOT language with Boost.Graph. Edges must be undirected; the attribute "weight" is the
// weight of an edge; other attributes are ignored.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "topology/graph_file.h"

namespace parley::topology {

/// See peers_of_nodes for which node is which peer. Throws base::OperatorError with `file`, and the line if it is
/// known.
FileGraph read_dot(std::string_view text, std::size_t n, const std::string& file);

}  // namespace parley::topology
