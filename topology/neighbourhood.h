// What one peer must know of the topology in one round.
#pragma once

#include <cstddef>
#include <vector>

#include "base/ids.h"

namespace parley::topology {

/// Whom one peer hears and to whom it sends in one round, itself left out, each in ascending order of id. Without
/// directions, which is the common case, both are the same.
struct Neighbourhood {
  std::vector<base::PeerId> in;   ///< it receives from these
  std::vector<base::PeerId> out;  ///< it sends to these
  /// w_ij for every j of `in`, where the topology comes with weights of its own; empty: the weight rule says. The peer
  /// keeps the rest of 1 for itself.
  std::vector<double> weights = {};

  bool is_symmetric() const { return in == out; }
};

/// The way from a sender j to a receiver i in one round. Degrees leave the peer itself out and are at least 1; they
/// travel with the messages.
struct Arc {
  base::PeerId from{}, to{};
  std::size_t from_degree = 1;  ///< peers that j sends to
  std::size_t to_degree = 1;    ///< peers that i receives from
  base::Round round{};          ///< only rules that look at whole graphs ask for it
};

}  // namespace parley::topology
