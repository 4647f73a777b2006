// One end of a link between two peers: agreement, order, repetition. Sans-I/O: time and messages come in, messages and
// a deadline go out, so that the same code runs over sockets and in the simulator.
//
// What it promises: sequenced messages (Difference, Hold, Reference, Goodbye) are delivered once each, in order,
// however often the transport loses, repeats, delays or reorders frames, as long as both ends live. See
// docs/protocol.md.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "wire/message.h"
#include "wire/timers.h"
#include "wire/windows.h"

namespace parley::wire {

/// What bytes on the wire were for. Resend: repetitions of sequenced messages, header and payload.
enum class Traffic : std::uint8_t { payload, header, control, resend };

enum class LinkState : std::uint8_t {
  greeting,  ///< saying Hello, no answer yet
  agreed,    ///< both ends agree; messages flow
  suspect,   ///< agreed, but silent for longer than suspect_after
  closed,    ///< a Goodbye was received, or sent and acknowledged
  refused,   ///< the terms do not match, or too many offences; final for this life of the other end
};
std::string_view name_of(LinkState state);

struct LinkSettings {
  base::PeerId self{}, peer{};
  std::string self_name, peer_name;
  base::Incarnation incarnation{};                     ///< of this end; not 0
  std::vector<Term> terms;                             ///< what the other end must have alike
  std::uint32_t window = 16;                           ///< sequenced messages kept until acknowledged; bounds memory
  std::size_t max_payload = 0;                         ///< a larger payload is an offence
  std::uint32_t max_offences = 16;                     ///< with so many offences the link is refused
  Time hello_every = std::chrono::milliseconds(200);   ///< first repetition of an unanswered Hello; doubles to 16 times
  Time resend_after = std::chrono::milliseconds(400);  ///< asks after an unacknowledged message; doubles to 16 times
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
  bool anew = false;  ///< the other end has restarted: what it had not acknowledged is lost, sequences start again
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
  std::uint64_t stale = 0;         ///< from or to a life that is over, or before the agreement; dropped
  std::optional<Time> round_trip;  ///< smoothed, from Ping and Pong
  Time last_heard{};
};

class Link {
 public:
  /// Starts in `greeting` and has a Hello to send at `now`. Throws base::OperatorError for names and terms that are too
  /// long to be told to the other end.
  Link(LinkSettings settings, Time now);

  // In. Each may add to what take_outgoing() and take_events() return.

  /// A message whose header and payload passed the codec. A refusal is an offence of the other end, already counted;
  /// nothing else has changed. Reasons: wrong_sender, payload_too_large, impossible_acknowledgement,
  /// impossible_request, after_goodbye.
  base::Result<void> on_message(Message message, Bytes payload, Time now);
  /// A message of this peer that the owner refused: its payload did not pass the codec, or is of no use.
  void on_offence(Time now, std::string_view reason = "malformed");
  /// To be called at or after deadline().
  void on_time(Time now);
  /// Queues a sequenced message. Checked: the link is agreed or suspect, and can_send(), which a Goodbye needs not if
  /// it is the first. `payload_hash` saves hashing a payload again that goes to several peers; 0: not known.
  void send(Body body, Bytes payload, Time now, std::uint64_t payload_hash = 0);
  /// Refuses this life of the other end for a reason of the owner's, which it is told. Nothing happens without an
  /// agreement.
  void reject(std::string reason);
  /// The round this end is in, for Hello.
  void set_round(base::Round round) { round_ = round; }

  // Out. The forms with an argument replace its contents and take its memory for the next time.

  void take_outgoing(std::vector<Outgoing>& outgoing);
  std::vector<Outgoing> take_outgoing();
  void take_events(std::vector<LinkEvent>& events);
  std::vector<LinkEvent> take_events();
  /// When on_time() wants to be called next; nothing when closed or refused.
  std::optional<Time> deadline() const;

  LinkState state() const { return state_; }
  /// False while the window is full of unacknowledged messages, and after a Goodbye.
  bool can_send() const { return !leaving_ && sent_.next() - sent_.first() < settings_.window; }
  /// False after a Goodbye. For a first Goodbye there is room behind a full window.
  bool can_say_goodbye() const { return in_session() && !leaving_; }
  /// True when everything sent has been acknowledged, or nobody is there any more who could.
  bool all_acknowledged() const { return sent_.empty(); }
  const LinkStatistics& statistics() const { return statistics_; }
  const LinkSettings& settings() const { return settings_; }

 private:
  struct SentPing {
    std::uint64_t token = 0;  // 0: none, or answered
    std::uint64_t transmission = 0;
    Time at{};
  };

  base::Result<void> on_hello(const Message& message, const Hello& hello, Time now);
  void on_refuse(const Message& message, const Refuse& refusal);
  bool decides(const Message& message, std::uint64_t answers) const;
  void on_stranger(Message& message, Bytes& payload, Time now);
  base::Result<void> on_session(Message& message, Bytes& payload, Time now);
  void on_sequenced(Message& message, Bytes& payload, Time now);
  void on_pong(const Pong& pong, Time now);
  void on_request(const Message& message, const Acknowledge& request, Time now);
  void on_acknowledged(std::uint64_t acknowledged, Time now);

  void agree(const Message& message, const Hello& hello, Time now);
  void start_session(base::Incarnation life, base::Round round, Time now);
  void refuse(base::Incarnation life, std::string reason, std::uint64_t answers);
  void decide_on(base::Incarnation life);
  void close(LinkState state);
  void deliver(Time now);
  base::Result<void> offence(std::string_view reason, std::string detail);

  void emit(base::Incarnation to, Body body);
  void emit(const SendWindow::Entry& entry, Traffic traffic);
  void greet(base::Incarnation life, std::uint64_t answers, Time now);
  void object(const Message& message, std::string_view reason, Time now);
  void ping(Time now);
  void resend(std::uint64_t sequence, Time now);
  bool is_of_session(const Outgoing& outgoing) const;

  bool in_session() const { return state_ == LinkState::agreed || state_ == LinkState::suspect; }
  bool is_former(base::Incarnation life) const;

  // Constant after construction.
  LinkSettings settings_;

  LinkState state_ = LinkState::greeting;
  base::Round round_{};
  std::vector<Outgoing> outgoing_;
  std::vector<LinkEvent> events_;
  LinkStatistics statistics_;

  // The other end. A life is one incarnation of it.
  base::Incarnation life_{};                    // that this end last agreed with or refused; 0: none yet
  std::array<base::Incarnation, 16> former_{};  // those before it
  std::size_t former_next_ = 0;
  std::string refusal_;         // why life_ was refused
  std::uint32_t offences_ = 0;  // of life_
  bool agreed_before_ = false;  // with any life

  // A life that says Hello and has not been decided on.
  base::Incarnation candidate_{};
  std::uint64_t challenge_ = 0;         // the number of our first Hello to it
  std::uint64_t candidate_number_ = 0;  // of its last Hello
  std::uint64_t hello_number_ = 0;      // of our last Hello to anyone

  // The session with life_. There is room for a Goodbye behind a full window.
  SendWindow sent_;
  ReceiveWindow arrived_;
  bool leaving_ = false;             // a Goodbye has been sent
  bool left_ = false;                // a Goodbye has been delivered
  std::uint64_t transmissions_ = 0;  // of anything; orders what was sent
  std::uint64_t asked_until_ = 0;    // every missing sequence below it has been asked for
  bool ask_now_ = false;
  std::uint32_t unacknowledged_arrivals_ = 0;
  bool acknowledge_now_ = false;
  std::array<SentPing, 8> pings_{};
  std::uint64_t last_token_ = 0;

  // Timers: a moment, and how often it has come without an answer.
  Time hello_at_{}, resend_at_{}, ping_at_{}, last_hello_{};
  std::optional<Time> last_objection_;
  std::uint32_t hellos_ = 0, repetitions_ = 0;
  std::optional<Time> acknowledge_at_;
};

}  // namespace parley::wire
