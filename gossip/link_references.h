// References of single links: what the two ends of a link know of each other through that link alone.
//
// Where the graph changes from round to round, a neighbour cannot follow what others were sent, so every link has a
// reference each way. A link that rests for a hundred rounds is as consistent afterwards as before, and mixing over it
// keeps the average whichever links are alive: what one end adds, the other takes away.
#pragma once

#include <map>
#include <vector>

#include "base/ids.h"
#include "gossip/node.h"

namespace parley::gossip {

class LinkReferences {
 public:
  struct Link {
    std::vector<float> sent;      ///< what the other end knows of this peer: the sum of what it was sent
    std::vector<float> received;  ///< what this peer knows of the other end
  };

  /// Every reference starts at `start`, d floats: x^0 if it is common to all peers, else zeros.
  explicit LinkReferences(std::vector<float> start) : start_(std::move(start)) {}

  /// The link with a peer, made when they first meet: 2 d floats.
  Link& with(base::PeerId peer);

 private:
  std::vector<float> start_;
  std::map<base::PeerId, Link> links_;
};

}  // namespace parley::gossip
