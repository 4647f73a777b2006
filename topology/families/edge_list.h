// Reads a graph from a text file of edges.
//
//   # a comment
//   0,1
//   1,2
//
// One edge per line: two different peers, numbered from 0, separated by a comma. Spaces and tabs around the numbers,
// empty lines and carriage returns before the end of a line are ignored. The graph is undirected: an edge stands there
// once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "topology/families/families.h"

namespace parley::topology {

/// The edges of `text` between n peers, in its order. Throws base::OperatorError with `file` and the line of the first
/// that is malformed, names a peer that does not exist, joins a peer to itself, or was there before.
std::vector<Edge> read_edge_list(std::string_view text, std::size_t n, const std::string& file);

}  // namespace parley::topology
