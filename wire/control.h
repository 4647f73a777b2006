// The control protocol: what a running peer can be asked, and what it answers. wire/control.capnp is its document.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "wire/link.h"

namespace parley::wire {

inline constexpr std::uint32_t kControlVersion = 1;
inline constexpr std::size_t kMaxControlRequestBytes = 4 * 1024;
inline constexpr std::size_t kMaxControlReplyBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxControlName = 256;     ///< bytes of a name, hash or endpoint
inline constexpr std::size_t kMaxControlReason = 1024;  ///< bytes of a reason
inline constexpr std::size_t kMaxControlNeighbours = 4096;

/// The value of a quantity that is not known yet; null in JSON.
inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

enum class PeerState : std::uint8_t {
  starting,  ///< loading data, binding sockets
  waiting,   ///< for the links to the neighbours to be agreed
  training,
  draining,  ///< done with training: waiting for the last messages to be acknowledged
  done,      ///< drained, because the training was over or the peer was asked to stop
  failed,    ///< see PeerStatus::failure
};
inline constexpr std::size_t kPeerStates = 6;
std::string_view name_of(PeerState state);
/// The state of that name, or nothing.
std::optional<PeerState> peer_state(std::string_view name);

/// Bytes on the wire by what they were for, as wire::Traffic.
struct TrafficBytes {
  std::uint64_t payload = 0, header = 0, control = 0, resend = 0;

  std::uint64_t total() const { return payload + header + control + resend; }
  bool operator==(const TrafficBytes&) const = default;
};

/// Where the time of the rounds went, in seconds; finite, not negative. `wait` is for messages of neighbours, also
/// while a gradient is computed beside it.
struct PhaseSeconds {
  double compute = 0, encode = 0, wait = 0, decode = 0, mix = 0;
};

/// One neighbour as a peer sees it.
struct NeighbourStatus {
  std::string name;
  std::string endpoint;  ///< to which this peer connects
  LinkState state = LinkState::greeting;
  double weight = 0;                     ///< w_ij of the last mixing step; finite
  std::optional<std::uint64_t> round;    ///< the round of its newest message of this run; nothing: none has come yet
  std::int64_t round_lag = 0;            ///< own round minus that: positive if the neighbour is behind; 0 without it
  double rtt_seconds = kUnknown;         ///< smoothed round trip
  double last_heard_seconds = kUnknown;  ///< since anything was heard from it
  TrafficBytes sent, received;
  std::uint64_t resent = 0, duplicates = 0, offences = 0;
};

/// What a peer is and has done so far. Quantities that are not known yet are NaN (kUnknown).
struct PeerStatus {
  std::string name, swarm;
  std::string config_hash;  ///< of the configuration that all peers share
  PeerState state = PeerState::starting;
  std::string failure;  ///< why, if failed
  std::uint32_t pid = 0;
  double uptime_seconds = 0;

  std::uint64_t round = 0;   ///< rounds completed
  std::uint64_t rounds = 0;  ///< rounds to do in all; 0: until another condition ends the run
  std::string model_hash;    ///< hexadecimal, of the parameters after `round` rounds; empty: not computed yet
  double loss = kUnknown;    ///< of the last minibatch
  double train_loss = kUnknown, test_loss = kUnknown;  ///< at the last evaluation
  double test_accuracy = kUnknown;                     ///< a fraction in [0, 1]
  double consensus_distance = kUnknown;

  TrafficBytes sent, received;
  PhaseSeconds seconds;
  std::uint64_t max_rss_bytes = 0;

  std::vector<std::string> waiting_for;  ///< neighbours whose agreement, or message of the open exchange, is lacking
  double waiting_seconds = 0;            ///< how long the exchange has been waiting; 0 in a simulation
  std::vector<NeighbourStatus> neighbours;
};

/// What is the peer doing? Answered by a PeerStatus.
struct AskStatus {};
/// Drain and exit. Answered by ControlDone as soon as the peer has begun to.
struct AskStop {};
using ControlAsk = std::variant<AskStatus, AskStop>;

struct ControlRequest {
  std::uint64_t id = 0;  ///< chosen by the client, not 0
  ControlAsk ask;
};

struct ControlDone {};
struct ControlRefused {
  std::string reason;
};
using ControlAnswer = std::variant<PeerStatus, ControlDone, ControlRefused>;

struct ControlReply {
  std::uint64_t id = 0;  ///< that of the request; 0 if it could not be read
  ControlAnswer answer;
};

/// One frame each, whatever they hold: texts and lists that are too long are cut, what cannot be shown in a text
/// becomes
/// '?' (see wire/text.h), a duration or weight that is not within its bounds 0. What is within the bounds is encoded as
/// it is.
std::vector<std::byte> encode_request(const ControlRequest& request);
std::vector<std::byte> encode_reply(const ControlReply& reply);

/// Read a frame from outside. Refuse whatever is not well-formed and within the bounds; never throw.
base::Result<ControlRequest> decode_request(std::span<const std::byte> frame);
base::Result<ControlReply> decode_reply(std::span<const std::byte> frame);

}  // namespace parley::wire
