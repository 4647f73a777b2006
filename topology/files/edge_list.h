// Reads a graph from a text file of edges.
//
//   # a comment
//   from,to,weight
//   0,1,0.5
//   1 2 0.25    # another comment
//
// One edge per line: two different peers, numbered from 0, and perhaps the weight of the edge, separated by commas,
// spaces or tabs. Empty lines and what follows a # are ignored, and so is a first line of words. The graph is
// undirected: an edge stands there once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "topology/graph_file.h"

namespace parley::topology {

/// The edges of `text` between n peers, in its order. Throws base::OperatorError with `file` and the line of the first
/// that is malformed, names a peer that does not exist, joins a peer to itself, was there before, or has a weight where
/// others have none.
FileGraph read_edge_list(std::string_view text, std::size_t n, const std::string& file);

}  // namespace parley::topology
