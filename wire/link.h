// One end of a link between two peers: agreement, order, repetition. Sans-I/O: time and messages come in, messages and
// a deadline go out, so that the same code runs over sockets and in the simulator.
//
// What it promises: sequenced messages (Difference, Hold, Reference, Goodbye) are delivered once each, in order,
// however often the transport loses, repeats, delays or reorders frames, as long as both ends live. See
// docs/protocol.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "wire/message.h"

namespace parley::wire {

/// A point on some monotonic clock, since an epoch of no importance. Clocks of two machines are never compared.
using Time = std::chrono::nanoseconds;

/// What bytes on the wire were for. Resend: repetitions of sequenced messages, header and payload.
enum class Traffic : std::uint8_t { payload, header, control, resend };

enum class LinkState : std::uint8_t {
  greeting,  ///< saying Hello, no answer yet
  agreed,    ///< both ends agree; messages flow
  suspect,   ///< agreed, but silent for longer than suspect_after
  closed,    ///< a Goodbye was received, or sent and acknowledged
  refused,   ///< the terms do not match, or too many offences; final
};
std::string_view name_of(LinkState state);

struct LinkSettings {
  base::PeerId self{}, peer{};
  std::string self_name, peer_name;
  base::Incarnation incarnation{};                     ///< of this end; not 0
  std::vector<Term> terms;                             ///< what the other end must have alike
  std::uint32_t window = 16;                           ///< sequenced messages kept until acknowledged; bounds memory
  std::size_t max_payload = 0;                         ///< a larger payload is an offence
  std::uint32_t max_offences = 16;                     ///< malformed or impossible messages before the link is refused
  Time hello_every = std::chrono::milliseconds(200);   ///< first repetition of an unanswered Hello; doubles to 16 times
  Time resend_after = std::chrono::milliseconds(400);  ///< an unacknowledged message is repeated; doubles to 16 times
  Time acknowledge_after = std::chrono::milliseconds(100);  ///< an arrival that no outgoing message acknowledges
  Time ping_every = std::chrono::seconds(2);
  Time suspect_after = std::chrono::seconds(10);
};

/// A message to be put on the wire. Send header (encoded) and payload as two frames of one message.
struct Outgoing {
  Message message;
  Bytes payload;                       ///< empty span: none
  Traffic traffic = Traffic::control;  ///< control, header (first transmission of a sequenced message) or resend
};

/// What a Link tells its owner, in order.
struct Delivered {
  Message message;  ///< Difference, Hold or Reference
  Bytes payload;
};
struct Agreed {
  base::Round round;  ///< the round the other end is in
};
struct Left {
  base::Round round;  ///< takes part in no round from this one on
  std::string reason;
};
struct Refused {
  std::string reason;  ///< for people at both ends
  bool by_peer = false;
};
using LinkEvent = std::variant<Delivered, Agreed, Left, Refused>;

struct LinkStatistics {
  std::uint64_t sent = 0, received = 0;  ///< sequenced messages, first transmissions
  std::uint64_t resent = 0, duplicates = 0, gaps = 0, offences = 0;
  std::optional<Time> round_trip;  ///< smoothed, from Ping and Pong
  Time last_heard{};
};

class Link {
 public:
  /// Starts in `greeting` and has a Hello to send at `now`.
  Link(LinkSettings settings, Time now);

  // In. Each may add to what take_outgoing() and take_events() return.

  /// A message whose header and payload passed the codec. A refusal is an offence of the other end, already counted;
  /// nothing else has changed.
  base::Result<void> on_message(Message message, Bytes payload, Time now);
  /// Bytes that claimed to be of this peer and did not pass the codec.
  void on_offence(Time now);
  /// To be called at or after deadline().
  void on_time(Time now);
  /// Queues a sequenced message. Checked: the link is agreed or suspect, and can_send().
  void send(Body body, Bytes payload, Time now);
  /// The round this end is in, for Hello.
  void set_round(base::Round round) { round_ = round; }

  // Out.

  std::vector<Outgoing> take_outgoing();
  std::vector<LinkEvent> take_events();
  /// When on_time() wants to be called next; nothing when closed or refused.
  std::optional<Time> deadline() const;

  LinkState state() const { return state_; }
  /// False while the window is full of unacknowledged messages.
  bool can_send() const { return unacknowledged_.size() < settings_.window; }
  /// True when everything sent has been acknowledged.
  bool all_acknowledged() const { return unacknowledged_.empty(); }
  const LinkStatistics& statistics() const { return statistics_; }
  const LinkSettings& settings() const { return settings_; }

 private:
  LinkSettings settings_;
  LinkState state_ = LinkState::greeting;
  base::Round round_{};
  std::deque<Outgoing> unacknowledged_;
  LinkStatistics statistics_;
};

}  // namespace parley::wire
