// The messages that two peers exchange, as the rest of Parley sees them. wire/gossip.capnp is their form on the wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"

namespace parley::wire {

/// Bytes that are shared and never change: a payload between its encoder, every neighbour's resend window and every
/// socket, or a received frame between the socket and its decoder. Copying it copies a reference.
struct Bytes {
  std::shared_ptr<const std::byte> owner;  ///< keeps `span` alive
  std::span<const std::byte> span;

  std::size_t size() const { return span.size(); }
};

/// One thing that both ends of a link must have alike, such as {"gossip.algorithm", "choco(gamma=auto)"}.
struct Term {
  std::string key;
  std::string value;
  bool operator==(const Term&) const = default;
};

/// Opens a link, or opens it again. Which life of the receiver it greets is in Message::to_incarnation.
struct Hello {
  std::uint32_t protocol_version = 0;
  bool agreed = false;        ///< the sender has accepted that life of the receiver, and needs no answer
  std::uint64_t number = 0;   ///< 1, 2, ... over the sender's Hellos
  std::uint64_t answers = 0;  ///< number of the receiver's Hello that this one answers; 0: none
  std::string name;           ///< the sender's name in the roster; not empty
  base::Round round{};        ///< the sender's current round
  std::vector<Term> terms;
  bool operator==(const Hello&) const = default;
};

/// A compressed difference (or, for full exchange, a model). Has a payload.
struct Difference {
  base::Round round{};
  base::Phase phase{};
  std::uint32_t degree = 0;  ///< peers that the sender sends to in this round
  std::uint8_t wire_id = 0;  ///< compression operator that made the payload
  float contraction = 0;     ///< running mean of the sender's measured delta, in [0, 1]; 0: not measured
  bool operator==(const Difference&) const = default;
};

/// Nothing to send this round, but the sender has begun this exchange.
struct Hold {
  base::Round round{};
  base::Phase phase{};
  std::uint32_t degree = 0;
  bool operator==(const Hold&) const = default;
};

/// A full-precision snapshot of the sender's reference. Has a payload of d little-endian floats.
struct Reference {
  base::Round round{};
  bool operator==(const Reference&) const = default;
};

/// "Are you there": answered at once by a Pong with the same token.
struct Ping {
  std::uint64_t token = 0;
  bool operator==(const Ping&) const = default;
};
struct Pong {
  std::uint64_t token = 0;
  bool operator==(const Pong&) const = default;
};

/// Carries only the acknowledgement that every header has, and asks for what has not arrived.
struct Acknowledge {
  std::uint32_t missing = 0;  ///< so many sequences, from the acknowledged one on, were missed: send them again
  bool operator==(const Acknowledge&) const = default;
};

/// The last sequenced message of a link: the sender takes part in no round from `round` on.
struct Goodbye {
  base::Round round{};
  std::string reason;
  bool operator==(const Goodbye&) const = default;
};

/// The sender will not agree; the reason is for the receiver's operator.
struct Refuse {
  std::string reason;
  std::uint64_t answers = 0;  ///< as in Hello
  bool operator==(const Refuse&) const = default;
};

using Body = std::variant<Hello, Difference, Hold, Reference, Ping, Pong, Acknowledge, Goodbye, Refuse>;

/// True for the messages that are numbered, kept until acknowledged, and delivered once each in order.
inline bool is_sequenced(const Body& body) {
  return std::holds_alternative<Difference>(body) || std::holds_alternative<Hold>(body) ||
         std::holds_alternative<Reference>(body) || std::holds_alternative<Goodbye>(body);
}

/// True for the messages that may have a payload.
inline bool may_have_payload(const Body& body) {
  return std::holds_alternative<Difference>(body) || std::holds_alternative<Reference>(body);
}

/// "hello", "difference", ... as in wire/gossip.capnp.
std::string_view name_of(const Body& body);

/// What every message carries, and its body.
struct Message {
  base::PeerId from{};
  base::Incarnation incarnation{};     ///< of the sender
  base::Incarnation to_incarnation{};  ///< of the receiver, as the sender knows it; 0: not yet
  std::uint64_t sequence = 0;          ///< 1, 2, ... for Difference, Hold, Reference, Goodbye; 0 for the others
  std::uint64_t acknowledged = 0;      ///< all sequences of the receiver below this have arrived here; 0: says nothing
  bool resent = false;                 ///< a repetition of a sequence sent before
  std::uint32_t payload_size = 0;      ///< bytes in the second frame; 0: there is none
  std::uint64_t payload_hash = 0;      ///< XXH3-64 of the payload; 0 without one
  Body body;
  bool operator==(const Message&) const = default;
};

}  // namespace parley::wire
