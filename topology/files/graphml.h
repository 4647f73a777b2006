// Reads a graph from GraphML (Brandes et al. 2001) with Boost.Graph. Edges must be undirected; a data value named
// "weight" is the weight of its edge; other data are ignored.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "topology/graph_file.h"

namespace parley::topology {

/// See peers_of_nodes for which node is which peer. Throws base::OperatorError with `file`, and the line if it is
/// known.
FileGraph read_graphml(std::string_view text, std::size_t n, const std::string& file);

}  // namespace parley::topology
