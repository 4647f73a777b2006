// Moves frames between peers: over ZeroMQ sockets, through a queue in memory in tests, in virtual time in simulations.
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

/// Bytes that a frame takes on a ZMTP 3 connection: its length and the framing before it.
std::size_t zmtp_frame_bytes(std::size_t size);

/// What a received message counts as: Outgoing::traffic of the one that was sent.
Traffic traffic_of(const Message& message);

/// Bytes put on and taken from the wire, by Traffic. Frames count with the framing that the transport adds to them.
struct ByteCount {
  std::array<std::uint64_t, 4> sent{}, received{};

  /// Counts a message of these frame sizes (0: no payload frame), with their framing. The header of a message counts as
  /// `traffic`; its payload as resend with a resent header, else as payload.
  void count_sent(Traffic traffic, std::size_t header_size, std::size_t payload_size);
  void count_received(Traffic traffic, std::size_t header_size, std::size_t payload_size);

  std::uint64_t& sent_of(Traffic traffic) { return sent[static_cast<std::size_t>(traffic)]; }
  std::uint64_t& received_of(Traffic traffic) { return received[static_cast<std::size_t>(traffic)]; }
};

/// A header frame and, unless its span is empty, a payload frame. Neither is aligned to anything.
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
  /// False while what is sent to this peer waits for a connection to it and so is not on the wire yet. A network
  /// without connections keeps nothing waiting.
  virtual bool is_connected(base::PeerId) { return true; }
  /// The next arrival, or nothing. Never blocks.
  virtual std::optional<Frames> receive() = 0;
};

}  // namespace parley::wire
