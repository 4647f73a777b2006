#include "wire/control.h"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <exception>

#include "control.capnp.h"
#include "wire/text.h"

namespace parley::wire {
namespace {

namespace schema = control_schema;

constexpr std::array<std::string_view, kPeerStates> kPeerStateNames = {"starting", "waiting", "training",
                                                                       "draining", "done",    "failed"};
constexpr std::uint16_t kLinkStates = 5;
static_assert(static_cast<std::uint16_t>(schema::State::FAILED) == static_cast<std::uint16_t>(PeerState::failed));
static_assert(static_cast<std::uint16_t>(schema::LinkState::REFUSED) == static_cast<std::uint16_t>(LinkState::refused));

// --- Writing ---------------------------------------------------------------------------------------------------------

double within_duration(double seconds) {
  return std::isfinite(seconds) && seconds > 0 ? seconds : 0;
}

void write(schema::TrafficBytes::Builder out, const TrafficBytes& bytes) {
  out.setPayload(bytes.payload);
  out.setHeader(bytes.header);
  out.setControl(bytes.control);
  out.setResend(bytes.resend);
}

void write(schema::PhaseSeconds::Builder out, const PhaseSeconds& seconds) {
  out.setCompute(within_duration(seconds.compute));
  out.setEncode(within_duration(seconds.encode));
  out.setWait(within_duration(seconds.wait));
  out.setDecode(within_duration(seconds.decode));
  out.setMix(within_duration(seconds.mix));
}

void write(schema::NeighbourStatus::Builder out, const NeighbourStatus& neighbour) {
  out.setName(cleaned(neighbour.name, kMaxControlName).c_str());
  out.setEndpoint(cleaned(neighbour.endpoint, kMaxControlName).c_str());
  out.setLink(static_cast<schema::LinkState>(neighbour.state));
  out.setWeight(std::isfinite(neighbour.weight) ? neighbour.weight : 0);
  out.setRoundUnknown(!neighbour.round);
  out.setRound(neighbour.round.value_or(0));
  out.setRoundLag(neighbour.round ? neighbour.round_lag : 0);
  out.setRttSeconds(neighbour.rtt_seconds >= 0 ? neighbour.rtt_seconds : kUnknown);
  out.setLastHeardSeconds(neighbour.last_heard_seconds >= 0 ? neighbour.last_heard_seconds : kUnknown);
  write(out.initSent(), neighbour.sent);
  write(out.initReceived(), neighbour.received);
  out.setResent(neighbour.resent);
  out.setDuplicates(neighbour.duplicates);
  out.setOffences(neighbour.offences);
}

void write(schema::PeerStatus::Builder out, const PeerStatus& status) {
  out.setName(cleaned(status.name, kMaxControlName).c_str());
  out.setSwarm(cleaned(status.swarm, kMaxControlName).c_str());
  out.setConfigHash(cleaned(status.config_hash, kMaxControlName).c_str());
  out.setState(static_cast<schema::State>(status.state));
  out.setFailure(cleaned(status.failure, kMaxControlReason).c_str());
  out.setPid(status.pid);
  out.setUptimeSeconds(within_duration(status.uptime_seconds));
  out.setRound(status.round);
  out.setRounds(status.rounds);
  out.setModelHash(cleaned(status.model_hash, kMaxControlName).c_str());
  out.setLoss(status.loss);
  out.setTrainLoss(status.train_loss);
  out.setTestLoss(status.test_loss);
  out.setTestAccuracy(status.test_accuracy >= 0 && status.test_accuracy <= 1 ? status.test_accuracy : kUnknown);
  out.setConsensusDistance(status.consensus_distance);
  write(out.initSent(), status.sent);
  write(out.initReceived(), status.received);
  write(out.initSeconds(), status.seconds);
  out.setMaxRssBytes(status.max_rss_bytes);
  out.setWaitingSeconds(within_duration(status.waiting_seconds));
  const auto waiting = static_cast<unsigned>(std::min(status.waiting_for.size(), kMaxControlNeighbours));
  auto names = out.initWaitingFor(waiting);
  for (unsigned i = 0; i < waiting; ++i) names.set(i, cleaned(status.waiting_for[i], kMaxControlName).c_str());
  const auto count = static_cast<unsigned>(std::min(status.neighbours.size(), kMaxControlNeighbours));
  auto neighbours = out.initNeighbours(count);
  for (unsigned i = 0; i < count; ++i) write(neighbours[i], status.neighbours[i]);
}

std::vector<std::byte> frame_of(capnp::MessageBuilder& message) {
  const kj::Array<capnp::word> words = capnp::messageToFlatArray(message);
  const auto bytes = words.asBytes();
  std::vector<std::byte> frame(bytes.size());
  std::memcpy(frame.data(), bytes.begin(), bytes.size());
  return frame;
}

// --- Reading ---------------------------------------------------------------------------------------------------------

/// Reads fields and remembers the first that is out of bounds; what it returned must then be thrown away.
class Reader {
 public:
  std::string text(capnp::Text::Reader text, std::size_t max_bytes, const char* field) {
    if (text.size() > max_bytes) return refuse("text_too_long", field), std::string();
    std::string copy(text.cStr(), text.size());
    if (!is_clean(copy)) return refuse("text_not_clean", field), std::string();
    return copy;
  }
  double duration(double seconds, const char* field) {
    if (!std::isfinite(seconds) || seconds < 0) refuse("number_out_of_range", field);
    return seconds;
  }
  double duration_or_unknown(double seconds, const char* field) {
    return std::isnan(seconds) ? kUnknown : duration(seconds, field);
  }
  double fraction_or_unknown(double value, const char* field) {
    if (value < 0 || value > 1) refuse("number_out_of_range", field);
    return value;
  }
  double finite(double value, const char* field) {
    if (!std::isfinite(value)) refuse("number_out_of_range", field);
    return value;
  }
  template <class State, class Wire>
  State state(Wire value, std::size_t count, const char* field) {
    if (static_cast<std::size_t>(value) < count) return static_cast<State>(value);
    refuse("unknown_state", field);
    return State{};
  }
  /// The number of elements to read: 0 if there are too many.
  template <class List>
  unsigned count(const List& list, const char* field) {
    if (list.size() <= kMaxControlNeighbours) return list.size();
    refuse("list_too_long", field);
    return 0;
  }

  const std::optional<base::Refusal>& refusal() const { return refusal_; }

 private:
  void refuse(std::string_view reason, const char* field) {
    if (!refusal_) refusal_ = base::Refusal{reason, field};
  }
  std::optional<base::Refusal> refusal_;
};

TrafficBytes read(schema::TrafficBytes::Reader in) {
  return {in.getPayload(), in.getHeader(), in.getControl(), in.getResend()};
}

PhaseSeconds read(Reader& reader, schema::PhaseSeconds::Reader in) {
  return {reader.duration(in.getCompute(), "seconds.compute"), reader.duration(in.getEncode(), "seconds.encode"),
          reader.duration(in.getWait(), "seconds.wait"), reader.duration(in.getDecode(), "seconds.decode"),
          reader.duration(in.getMix(), "seconds.mix")};
}

NeighbourStatus read(Reader& reader, schema::NeighbourStatus::Reader in) {
  NeighbourStatus neighbour;
  neighbour.name = reader.text(in.getName(), kMaxControlName, "neighbour.name");
  neighbour.endpoint = reader.text(in.getEndpoint(), kMaxControlName, "neighbour.endpoint");
  neighbour.state = reader.state<LinkState>(in.getLink(), kLinkStates, "neighbour.link");
  neighbour.weight = reader.finite(in.getWeight(), "neighbour.weight");
  if (!in.getRoundUnknown()) {
    neighbour.round = in.getRound();
    neighbour.round_lag = in.getRoundLag();
  }
  neighbour.rtt_seconds = reader.duration_or_unknown(in.getRttSeconds(), "neighbour.rttSeconds");
  neighbour.last_heard_seconds = reader.duration_or_unknown(in.getLastHeardSeconds(), "neighbour.lastHeardSeconds");
  neighbour.sent = read(in.getSent());
  neighbour.received = read(in.getReceived());
  neighbour.resent = in.getResent();
  neighbour.duplicates = in.getDuplicates();
  neighbour.offences = in.getOffences();
  return neighbour;
}

PeerStatus read(Reader& reader, schema::PeerStatus::Reader in) {
  PeerStatus status;
  status.name = reader.text(in.getName(), kMaxControlName, "name");
  status.swarm = reader.text(in.getSwarm(), kMaxControlName, "swarm");
  status.config_hash = reader.text(in.getConfigHash(), kMaxControlName, "configHash");
  status.state = reader.state<PeerState>(in.getState(), kPeerStates, "state");
  status.failure = reader.text(in.getFailure(), kMaxControlReason, "failure");
  status.pid = in.getPid();
  status.uptime_seconds = reader.duration(in.getUptimeSeconds(), "uptimeSeconds");
  status.round = in.getRound();
  status.rounds = in.getRounds();
  status.model_hash = reader.text(in.getModelHash(), kMaxControlName, "modelHash");
  status.loss = in.getLoss();
  status.train_loss = in.getTrainLoss();
  status.test_loss = in.getTestLoss();
  status.test_accuracy = reader.fraction_or_unknown(in.getTestAccuracy(), "testAccuracy");
  status.consensus_distance = in.getConsensusDistance();
  status.sent = read(in.getSent());
  status.received = read(in.getReceived());
  status.seconds = read(reader, in.getSeconds());
  status.max_rss_bytes = in.getMaxRssBytes();
  status.waiting_seconds = reader.duration(in.getWaitingSeconds(), "waitingSeconds");
  const auto waiting = in.getWaitingFor();
  for (unsigned i = 0, n = reader.count(waiting, "waitingFor"); i < n && !reader.refusal(); ++i)
    status.waiting_for.push_back(reader.text(waiting[i], kMaxControlName, "waitingFor"));
  const auto neighbours = in.getNeighbours();
  for (unsigned i = 0, n = reader.count(neighbours, "neighbours"); i < n && !reader.refusal(); ++i)
    status.neighbours.push_back(read(reader, neighbours[i]));
  return status;
}

base::Result<ControlRequest> read(schema::ControlRequest::Reader in) {
  if (in.getId() == 0) return base::Refusal{"no_id", "a request needs an id other than 0"};
  switch (in.which()) {
    case schema::ControlRequest::STATUS:
      return ControlRequest{in.getId(), AskStatus{}};
    case schema::ControlRequest::STOP:
      return ControlRequest{in.getId(), AskStop{}};
  }
  return base::Refusal{"unknown_request", fmt::format("request kind {}", static_cast<int>(in.which()))};
}

base::Result<ControlReply> read(schema::ControlReply::Reader in) {
  Reader reader;
  ControlReply reply{in.getId(), ControlDone{}};
  switch (in.which()) {
    case schema::ControlReply::STATUS:
      reply.answer = read(reader, in.getStatus());
      break;
    case schema::ControlReply::DONE:
      break;
    case schema::ControlReply::REFUSED:
      reply.answer = ControlRefused{reader.text(in.getRefused(), kMaxControlReason, "refused")};
      break;
    default:
      return base::Refusal{"unknown_reply", fmt::format("reply kind {}", static_cast<int>(in.which()))};
  }
  if (reader.refusal()) return *reader.refusal();
  return reply;
}

/// Checks the frame around a message whose root is a `Root`, and reads it with `read`.
template <class Root, class T>
base::Result<T> decode(std::span<const std::byte> frame, std::size_t max_bytes) {
  if (frame.size() > max_bytes)
    return base::Refusal{"too_large", fmt::format("{} bytes, at most {}", frame.size(), max_bytes)};
  if (frame.empty() || frame.size() % sizeof(capnp::word) != 0)
    return base::Refusal{"malformed", fmt::format("{} bytes are no whole number of words", frame.size())};
  try {
    auto words = kj::heapArray<capnp::word>(frame.size() / sizeof(capnp::word));
    std::memcpy(words.begin(), frame.data(), frame.size());
    // Every part of a message is read once, so that its own size bounds the walk through it, with a little for far
    // pointers. Lists of empty structs count as if each were a word.
    const capnp::ReaderOptions options{2 * words.size() + 64, 8};
    capnp::FlatArrayMessageReader message(words, options);
    if (message.getEnd() != words.end()) return base::Refusal{"malformed", "bytes after the message"};
    const auto root = message.getRoot<Root>();
    if (root.getProtocolVersion() != kControlVersion)
      return base::Refusal{"protocol_version", fmt::format("version {} of the control protocol, this program speaks {}",
                                                           root.getProtocolVersion(), kControlVersion)};
    return read(root);
  } catch (const kj::Exception& error) {
    return base::Refusal{"malformed", cleaned(error.getDescription().cStr(), kMaxControlReason)};
  }
}

}  // namespace

std::string_view name_of(PeerState state) {
  return kPeerStateNames[static_cast<std::size_t>(state)];
}

std::optional<PeerState> peer_state(std::string_view name) {
  const auto* found = std::find(kPeerStateNames.begin(), kPeerStateNames.end(), name);
  if (found == kPeerStateNames.end()) return std::nullopt;
  return static_cast<PeerState>(found - kPeerStateNames.begin());
}

std::vector<std::byte> encode_request(const ControlRequest& request) {
  capnp::MallocMessageBuilder message;
  auto root = message.initRoot<schema::ControlRequest>();
  root.setProtocolVersion(kControlVersion);
  root.setId(request.id);
  if (std::holds_alternative<AskStop>(request.ask))
    root.setStop();
  else
    root.setStatus();
  return frame_of(message);
}

std::vector<std::byte> encode_reply(const ControlReply& reply) {
  capnp::MallocMessageBuilder message;
  auto root = message.initRoot<schema::ControlReply>();
  root.setProtocolVersion(kControlVersion);
  root.setId(reply.id);
  if (const auto* status = std::get_if<PeerStatus>(&reply.answer))
    write(root.initStatus(), *status);
  else if (const auto* refused = std::get_if<ControlRefused>(&reply.answer))
    root.setRefused(cleaned(refused->reason, kMaxControlReason).c_str());
  else
    root.setDone();
  return frame_of(message);
}

base::Result<ControlRequest> decode_request(std::span<const std::byte> frame) {
  return decode<schema::ControlRequest, ControlRequest>(frame, kMaxControlRequestBytes);
}

base::Result<ControlReply> decode_reply(std::span<const std::byte> frame) {
  return decode<schema::ControlReply, ControlReply>(frame, kMaxControlReplyBytes);
}

}  // namespace parley::wire
