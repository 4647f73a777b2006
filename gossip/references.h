// Reference streams: what the neighbours know of each other's models.
//
// With a fixed graph every peer has one public reference x_hat_i, which all its neighbours replicate by decoding the
// same payloads. The sender advances its own by decoding the bytes it sends, so the copies are equal to the bit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "gossip/node.h"

namespace parley::gossip {

class References {
 public:
  /// All references start at `start` (x^0 if it is common to all peers, else zeros): d floats each, (degree + 1) of
  /// them.
  References(std::span<const base::PeerId> neighbours, std::vector<float> start);

  std::span<const float> own() const { return own_; }
  /// Checked: `peer` is one of the neighbours.
  std::span<const float> of(base::PeerId peer) const;

  /// x_hat_i += decode(q).
  void advance_own(Node& node, const Payload& q);
  /// x_hat_j += decode(q). False if q was refused; the replica is unchanged and the sender will be left out.
  bool advance(Node& node, Received& received);

  /// XXH3-64 of the reference's floats: equal at both ends of a link after every exchange.
  std::uint64_t own_hash() const;
  std::uint64_t hash_of(base::PeerId peer) const;

 private:
  struct Replica {
    base::PeerId peer{};
    std::vector<float> x_hat;
  };
  std::vector<float>& replica(base::PeerId peer);

  std::vector<float> own_;
  std::vector<Replica> replicas_;
};

}  // namespace parley::gossip
