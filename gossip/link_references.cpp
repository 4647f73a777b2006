#include "gossip/link_references.h"

namespace parley::gossip {

LinkReferences::Link& LinkReferences::with(base::PeerId peer) {
  return links_.try_emplace(peer, Link{start_, start_}).first->second;
}

}  // namespace parley::gossip
