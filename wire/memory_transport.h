// A network in memory and in virtual time: as many endpoints as wanted, and the faults that are asked for. For tests of
// links; simulations have a network of their own, with bandwidth. Deterministic: the same calls with the same seed give
// the same arrivals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "wire/timers.h"
#include "wire/transport.h"

namespace parley::wire {

/// What happens to messages on their way. Probabilities are per message, in [0, 1], and independent.
struct Faults {
  Time latency{};        ///< from send() to receive(), for messages that nothing else happens to
  double drop = 0;       ///< never arrives
  double duplicate = 0;  ///< arrives twice; the second one is delayed
  double delay = 0;      ///< arrives later by up to max_delay, so that later messages overtake it
  Time max_delay{};
};

class MemoryNetwork {
 public:
  MemoryNetwork(std::size_t endpoints, const Faults& faults, std::uint64_t seed);
  ~MemoryNetwork();

  /// Endpoint number `peer`; lives as long as the network. Its receive() gives what has arrived by now, in the order of
  /// arrival; its send() shares the payload and copies the header.
  Transport& endpoint(base::PeerId peer);

  /// Moves time on. Checked: not back.
  void set_time(Time now);
  /// When the next message that is under way arrives anywhere; nothing if none is.
  std::optional<Time> next_arrival() const;

  /// From now on, faults are these. What is under way stays under way.
  void set_faults(const Faults& faults);
  /// While cut, send() between the two loses everything, both ways.
  void cut(base::PeerId a, base::PeerId b, bool is_cut);
  /// Loses everything that is under way to this endpoint, as when its process dies.
  void forget(base::PeerId peer);

 private:
  class Endpoint;

  bool send(base::PeerId from, base::PeerId to, std::span<const std::byte> header, const Bytes& payload);

  Faults faults_;
  base::Random random_;
  Time now_{};
  std::uint64_t sent_ = 0;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::vector<std::pair<base::PeerId, base::PeerId>> cuts_;
};

}  // namespace parley::wire
