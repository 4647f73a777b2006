// Where the names and edges of a DOT file stand. Boost's reader says what the graph is, but not on which line anything
// is; and a subgraph can stand for as many edges as the square of its length, which this pass refuses before it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace parley::topology {

struct DotOutline {
  std::unordered_map<std::string, std::int64_t> line_of_name;  ///< first one of every identifier
  std::vector<std::int64_t> edge_lines;                        ///< one for every -- in the order of the file
};

/// Throws base::OperatorError with `file` and the line of what Boost's reader shall not see: a subgraph, a directed
/// edge, HTML, a long string, many defaults. That the syntax is right is for the reader to say.
DotOutline outline_of_dot(std::string_view text, const std::string& file);

}  // namespace parley::topology
