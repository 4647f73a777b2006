#include "gossip/references.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace parley::gossip {

References::References(std::span<const base::PeerId> neighbours, std::vector<float> start) : own_(std::move(start)) {
  replicas_.reserve(neighbours.size());
  for (base::PeerId peer : neighbours) replicas_.push_back({peer, own_});
}

std::vector<float>& References::replica(base::PeerId peer) {
  const auto found =
      std::find_if(replicas_.begin(), replicas_.end(), [peer](const Replica& each) { return each.peer == peer; });
  PARLEY_CHECK(found != replicas_.end(), peer);
  return found->x_hat;
}

std::span<const float> References::of(base::PeerId peer) const {
  return const_cast<References*>(this)->replica(peer);
}

void References::advance_own(Node& node, const Payload& q) {
  node.decode_own(q, 1.0f, own_);
}

bool References::advance(Node& node, Received& received) {
  return node.decode(received, 1.0f, replica(received.from));
}

std::uint64_t References::own_hash() const {
  return XXH3_64bits(own_.data(), own_.size() * sizeof(float));
}

std::uint64_t References::hash_of(base::PeerId peer) const {
  const auto x_hat = of(peer);
  return XXH3_64bits(x_hat.data(), x_hat.size() * sizeof(float));
}

}  // namespace parley::gossip
