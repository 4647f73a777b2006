// Where the nodes and edges of a GraphML file stand. Boost's reader says what the graph is, but not on which line
// anything is, and recurses once for every level of nesting: this pass goes before it, to bound what it is given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "topology/files/node_names.h"

namespace parley::topology {

struct XmlOutline {
  std::vector<NamedNode> nodes;          ///< in the order of the file, with names that differ
  std::vector<std::int64_t> edge_lines;  ///< one per edge, in the order of the file
};

/// Throws base::OperatorError with `file` and the line of what is not a single flat graph, is nested too deeply, or
/// lacks its name or ends. That the file is well formed is for the reader to say.
XmlOutline outline_of_graphml(std::string_view text, const std::string& file);

}  // namespace parley::topology
