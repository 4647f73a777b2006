// The longest shortest path of a connected graph.
#pragma once

#include <cstddef>

#include "topology/graph.h"

namespace parley::topology {

struct Diameter {
  std::size_t hops = 0;
  bool is_exact = true;  ///< false: it is at least that, and proving more would take a search from very many peers
};

/// Exact up to some ten thousand edges, on trees, and wherever a few searches prove it. Checked: there is a peer.
Diameter diameter(const Graph& connected);

}  // namespace parley::topology
