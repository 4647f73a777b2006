// Which peer a node of a GraphML or DOT file is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace parley::topology {

struct NamedNode {
  std::string name;
  std::int64_t line = 0;  ///< where it is first named; 0 if unknown
};

/// A node is the peer whose number its name ends with: 3, n3, site-3. Throws base::OperatorError unless there is
/// exactly one for every peer.
std::vector<std::size_t> peers_of_nodes(std::span<const NamedNode> nodes, std::size_t n, const std::string& file);

}  // namespace parley::topology
