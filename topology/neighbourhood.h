// What one peer must know of the graph in one round.
#pragma once

#include <vector>

#include "base/ids.h"

namespace parley::topology {

/// The peers that one peer exchanges with in one round, in ascending order of id, without itself.
struct Neighbourhood {
  std::vector<base::PeerId> peers;

  std::size_t degree() const { return peers.size(); }
};

}  // namespace parley::topology
