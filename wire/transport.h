// Moves frames between peers. Two kinds: ZeroMQ sockets, and a queue in memory for tests and the simulator.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "wire/link.h"
#include "wire/message.h"

namespace parley::wire {

/// Bytes put on and taken from the wire, by Traffic. Frames count with the framing that the transport adds to them.
struct ByteCount {
  std::array<std::uint64_t, 4> sent{}, received{};
  std::uint64_t& sent_of(Traffic traffic) { return sent[static_cast<std::size_t>(traffic)]; }
  std::uint64_t& received_of(Traffic traffic) { return received[static_cast<std::size_t>(traffic)]; }
};

/// A header frame and, unless its span is empty, a payload frame.
struct Frames {
  Bytes header;
  Bytes payload;
};

class Transport {
 public:
  virtual ~Transport() = default;
  /// Hands the frames to the wire without copying the payload. Never blocks; false if the wire takes no more now, which
  /// for the link above is the same as a loss.
  virtual bool send(base::PeerId to, std::span<const std::byte> header, const Bytes& payload) = 0;
  /// The next arrival, or nothing. Never blocks.
  virtual std::optional<Frames> receive() = 0;
};

}  // namespace parley::wire
