// What is remembered of a peer's rounds, and told to whoever asks: the same for a daemon and for a simulated peer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/config.h"
#include "gossip/node.h"
#include "simulation/peer_core.h"
#include "wire/control.h"

namespace parley::daemon {

class PeerRecord {
 public:
  /// The configuration outlives the record.
  PeerRecord(const Config& config, base::PeerId peer);

  /// To be called when a round has ended, before the next one changes the model.
  void round_finished(const gossip::RoundReport& report, const simulation::PeerCore& core);

  std::uint64_t rounds_done() const { return rounds_done_; }

  /// Everything but what only a process knows: pid, uptime, memory and how long it has been waiting are left at zero.
  /// `now` is of the links' clock, in a simulation virtual. `core` may be null while the peer loads.
  wire::PeerStatus status(const simulation::PeerCore* core, gossip::Duration now) const;

 private:
  const Config& config_;
  base::PeerId self_;
  std::string config_hash_;
  std::uint64_t rounds_done_ = 0;
  double loss_ = wire::kUnknown;
  std::optional<gossip::RoundReport> evaluated_;  // the last report with an evaluation
  std::string model_hash_;                        // of the model after hashed_round_ rounds
  std::uint64_t hashed_round_ = 0;
};

}  // namespace parley::daemon
