#include "simulation/peer_core.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "wire/codec.h"

namespace parley::simulation {
namespace {

/// How long a peer that cannot take part any more looks for neighbours who wait for it.
constexpr wire::Time kTellOthers = std::chrono::seconds(5);

bool is_open(wire::LinkState state) {
  return state == wire::LinkState::agreed || state == wire::LinkState::suspect;
}

/// Adds both frames of a message to a count. A repetition is traffic of its own kind, header and payload together.
void count(std::array<std::uint64_t, 4>& bytes, const wire::Message& message, std::size_t header, std::size_t payload) {
  const auto add = [&bytes](wire::Traffic traffic, std::size_t n) { bytes[static_cast<std::size_t>(traffic)] += n; };
  const std::size_t header_bytes = wire::zmtp_frame_bytes(header);
  const std::size_t payload_bytes = payload > 0 ? wire::zmtp_frame_bytes(payload) : 0;
  if (message.resent) {
    add(wire::Traffic::resend, header_bytes + payload_bytes);
  } else if (payload > 0) {
    add(wire::Traffic::header, header_bytes + payload_bytes - payload);
    add(wire::Traffic::payload, payload);
  } else {
    add(message.sequence > 0 ? wire::Traffic::header : wire::Traffic::control, header_bytes);
  }
}

}  // namespace

std::string_view name_of(PeerState state) {
  switch (state) {
    case PeerState::starting:
      return "starting";
    case PeerState::training:
      return "training";
    case PeerState::draining:
      return "draining";
    case PeerState::done:
      return "done";
    case PeerState::failed:
      return "failed";
  }
  PARLEY_CHECK(false);
  return {};
}

PeerCore::PeerCore(PeerSettings settings, const NodeIngredients& ingredients, gossip::Algorithm& algorithm,
                   wire::Transport& transport, Shell& shell)
    : settings_(std::move(settings)),
      algorithm_(algorithm),
      transport_(transport),
      shell_(shell),
      node_({.self = settings_.self,
             .seed = ingredients.seed,
             .learner = ingredients.learner,
             .optimizer = ingredients.optimizer,
             .decay = ingredients.decay,
             .learning_rate = ingredients.learning_rate,
             .compressor = ingredients.compressor,
             .schedule = ingredients.schedule,
             .weight = ingredients.weight,
             .host = *this,
             .executor = ingredients.executor}) {
  for (const NeighbourAddress& address : settings_.neighbours) neighbours_.push_back({address, nullptr, {}});
}

void PeerCore::start(wire::Time now) {
  PARLEY_CHECK(state_ == PeerState::starting);
  now_ = now;
  for (Neighbour& neighbour : neighbours_) neighbour.link = open_link(neighbour.address);
  settle();
}

std::unique_ptr<wire::Link> PeerCore::open_link(const NeighbourAddress& address) const {
  wire::LinkSettings link = settings_.link;
  link.self = settings_.self;
  link.self_name = settings_.name;
  link.peer = address.id;
  link.peer_name = address.name;
  link.incarnation = settings_.incarnation;
  link.terms = settings_.terms;
  return std::make_unique<wire::Link>(std::move(link), now_);
}

PeerCore::Neighbour* PeerCore::find(base::PeerId peer) {
  const auto found = std::find_if(neighbours_.begin(), neighbours_.end(),
                                  [peer](const Neighbour& each) { return each.address.id == peer; });
  return found == neighbours_.end() ? nullptr : &*found;
}

void PeerCore::count_refusal(const base::Refusal& refusal, std::string_view who) {
  constexpr std::uint64_t kFirstNotes = 3;  // per reason: a flood must not become a flood of log lines
  const std::uint64_t n = ++refusals_[std::string(refusal.reason)];
  if (n > kFirstNotes) return;
  shell_.note(fmt::format("refused a message of {}: {} ({}){}", who, refusal.reason, refusal.detail,
                          n == kFirstNotes ? "; further ones are only counted" : ""),
              false);
}

void PeerCore::on_frames(const wire::Frames& frames, wire::Time now) {
  now_ = now;
  auto message = wire::decode_header(frames.header.span);
  if (!message) return count_refusal(message.refusal(), "an unknown sender");
  Neighbour* neighbour = find(message->from);
  if (neighbour == nullptr)
    return count_refusal({"not_a_neighbour", fmt::format("peer {}", message->from)}, "a stranger");
  if (const auto payload = wire::check_payload(*message, frames.payload.span); !payload) {
    neighbour->link->on_offence(now, payload.refusal().reason);
    count_refusal(payload.refusal(), neighbour->address.name);
    return settle();
  }
  count(neighbour->bytes.received, *message, frames.header.size(), frames.payload.size());
  count(bytes_.received, *message, frames.header.size(), frames.payload.size());
  if (const auto accepted = neighbour->link->on_message(std::move(*message), frames.payload, now); !accepted) {
    count_refusal(accepted.refusal(), neighbour->address.name);
  }
  settle();
}

void PeerCore::on_time(wire::Time now) {
  now_ = now;
  for (Neighbour& neighbour : neighbours_) {
    const auto due = neighbour.link->deadline();
    if (!due || *due > now) continue;
    neighbour.link->on_time(now);
  }
  settle();
}

void PeerCore::completed(gossip::Work work, wire::Time now) {
  now_ = now;
  node_.completed(work);
  settle();
}

void PeerCore::stop(wire::Time now) {
  now_ = now;
  stop_ = true;
  if (state_ == PeerState::starting) finish("stopped before it began");
}

void PeerCore::abandon(wire::Time now) {
  now_ = now;
  if (state_ != PeerState::starting && state_ != PeerState::training) return;
  // If this round's message is out, its receivers can use it.
  const bool is_out = !node_.waiting_for().empty();
  state_ = PeerState::draining;
  for (Neighbour& neighbour : neighbours_) {
    say_goodbye(neighbour, is_out ? base::next(node_.round()) : node_.round(), "stopped while it waited for others");
  }
  drain();
}

std::optional<wire::Time> PeerCore::deadline() const {
  std::optional<wire::Time> earliest;
  if (state_ == PeerState::starting && !late_.empty()) earliest = late_until_;
  for (const Neighbour& neighbour : neighbours_) {
    const auto due = neighbour.link->deadline();
    if (due && (!earliest || *due < *earliest)) earliest = due;
  }
  return earliest;
}

void PeerCore::broadcast(const gossip::Announcement& announcement, const gossip::Payload& payload,
                         std::span<const base::PeerId> to) {
  const wire::Difference difference{.round = announcement.id.round,
                                    .phase = announcement.id.phase,
                                    .degree = announcement.degree,
                                    .wire_id = node_.compressor().wire_id(),
                                    .contraction = announcement.contraction};
  const wire::Bytes bytes{.owner = payload.owner, .span = payload.bytes};
  const std::uint64_t hash = wire::hash_payload(bytes.span);
  for (base::PeerId peer : to) {
    Neighbour* neighbour = find(peer);
    if (!is_open(neighbour->link->state())) continue;
    neighbour->link->set_round(announcement.id.round);
    send(*neighbour, {.body = difference, .payload = bytes, .payload_hash = hash});
  }
}

void PeerCore::hold(const gossip::Announcement& announcement, std::span<const base::PeerId> to) {
  const wire::Hold hold{.round = announcement.id.round, .phase = announcement.id.phase, .degree = announcement.degree};
  for (base::PeerId peer : to) {
    Neighbour* neighbour = find(peer);
    if (!is_open(neighbour->link->state())) continue;
    neighbour->link->set_round(announcement.id.round);
    send(*neighbour, {.body = hold, .payload = {}});
  }
}

void PeerCore::offence(base::PeerId from, const base::Refusal& refusal) {
  Neighbour* neighbour = find(from);
  neighbour->link->reject(
      fmt::format("{} cannot decode what {} sent: {}", settings_.name, neighbour->address.name, refusal.reason));
  count_refusal(refusal, neighbour->address.name);
  shell_.note(fmt::format("{} sent a payload that cannot be decoded; going on without it", neighbour->address.name),
              true);
}

void PeerCore::round_finished(const gossip::RoundReport& report) {
  shell_.round_finished(report);
}

void PeerCore::send(Neighbour& neighbour, Queued message) {
  neighbour.queued.push_back(std::move(message));
  send_queued(neighbour);
  send_pending(neighbour);
}

void PeerCore::send_queued(Neighbour& neighbour) {
  if (!is_open(neighbour.link->state())) return neighbour.queued.clear();
  for (; !neighbour.queued.empty(); neighbour.queued.pop_front()) {
    Queued& next = neighbour.queued.front();
    const bool has_room = std::holds_alternative<wire::Goodbye>(next.body) ? neighbour.link->can_say_goodbye()
                                                                           : neighbour.link->can_send();
    if (!has_room) return;
    neighbour.link->send(std::move(next.body), std::move(next.payload), now_, next.payload_hash);
  }
}

void PeerCore::send_pending(Neighbour& neighbour) {
  if (neighbour.unsent) count_unsent(neighbour);
  neighbour.link->take_outgoing(outgoing_);
  if (outgoing_.empty()) return;
  if (!neighbour.unsent && !transport_.is_connected(neighbour.address.id)) neighbour.unsent.emplace();
  for (const wire::Outgoing& outgoing : outgoing_) {
    wire::encode_header(outgoing.message, header_);
    if (!transport_.send(neighbour.address.id, header_, outgoing.payload)) continue;
    const auto count_in = [&](std::array<std::uint64_t, 4>& bytes) {
      count(bytes, outgoing.message, header_.size(), outgoing.payload.size());
    };
    if (neighbour.unsent) {
      count_in(*neighbour.unsent);
    } else {
      count_in(neighbour.bytes.sent);
      count_in(bytes_.sent);
    }
  }
}

/// What waited for a connection is sent as soon as there is one.
void PeerCore::count_unsent(Neighbour& neighbour) {
  if (!transport_.is_connected(neighbour.address.id)) return;
  for (std::size_t kind = 0; kind < neighbour.unsent->size(); ++kind) {
    neighbour.bytes.sent[kind] += (*neighbour.unsent)[kind];
    bytes_.sent[kind] += (*neighbour.unsent)[kind];
  }
  neighbour.unsent.reset();
}

void PeerCore::pump(Neighbour& neighbour) {
  for (neighbour.link->take_events(events_); !events_.empty(); neighbour.link->take_events(events_)) {
    std::vector<wire::LinkEvent> events = std::move(events_);
    for (wire::LinkEvent& event : events) std::visit([&](auto& each) { on_event(neighbour, each); }, event);
    events_ = std::move(events);
  }
  send_queued(neighbour);
  send_pending(neighbour);
}

void PeerCore::pump_all() {
  for (Neighbour& neighbour : neighbours_) pump(neighbour);
}

void PeerCore::on_event(Neighbour& neighbour, wire::Delivered& delivered) {
  const auto* difference = std::get_if<wire::Difference>(&delivered.message.body);
  base::Result<void> accepted;
  if (const auto* hold = std::get_if<wire::Hold>(&delivered.message.body)) {
    accepted = node_.held(neighbour.address.id, {hold->round, hold->phase});
  } else if (difference == nullptr) {
    accepted = base::Refusal{"unexpected_kind", "no algorithm that runs here uses it"};
  } else if (difference->wire_id != node_.compressor().wire_id()) {
    accepted = base::Refusal{"wrong_operator", fmt::format("wire id {}", difference->wire_id)};
  } else {
    accepted = node_.receive(neighbour.address.id,
                             {.id = {difference->round, difference->phase},
                              .degree = difference->degree,
                              .contraction = difference->contraction},
                             {.owner = delivered.payload.owner, .bytes = delivered.payload.span});
  }
  if (accepted) return;
  neighbour.link->on_offence(now_, accepted.refusal().reason);
  count_refusal(accepted.refusal(), neighbour.address.name);
}

/// Whether a neighbour that is in this round has had to do without this peer, or with a former life of it.
bool PeerCore::has_been_without(base::PeerId neighbour, base::Round round) const {
  const topology::Schedule& schedule = node_.schedule();
  for (base::Round t{}; t < round; t = base::next(t)) {
    const std::vector<base::PeerId> out = schedule.neighbours(settings_.self, t).out;
    if (std::binary_search(out.begin(), out.end(), neighbour)) return true;
    if (t.value + 1 == schedule.period()) return false;
  }
  return false;
}

// A neighbour's first life is agreed with while this peer starts. Whatever comes later has lost what its former life
// knew of this peer's model. In the first round nothing is lost yet; after that it cannot be taken back.
void PeerCore::on_event(Neighbour& neighbour, wire::Agreed& agreed) {
  shell_.note(fmt::format("agreed with {} (round {})", neighbour.address.name, agreed.round), false);
  if (state_ == PeerState::starting && has_been_without(neighbour.address.id, agreed.round) && late_.empty()) {
    late_ = fmt::format("{} is in round {} already, and a peer that starts late or anew cannot catch up",
                        neighbour.address.name, agreed.round);
    late_until_ = now_ + kTellOthers;
  }
  if (state_ == PeerState::starting) return;
  if (state_ == PeerState::training && node_.round().value == 0 && agreed.round.value == 0) {
    return node_.begins_anew(neighbour.address.id);
  }
  shell_.note(fmt::format("{} has restarted while this peer is in round {}; going on without it",
                          neighbour.address.name, node_.round()),
              true);
  neighbour.link->reject(fmt::format("{} is in round {} already and cannot take back a peer that starts anew",
                                     settings_.name, node_.round()));
}

void PeerCore::on_event(Neighbour& neighbour, wire::Left& left) {
  shell_.note(fmt::format("{} leaves before round {}: {}", neighbour.address.name, left.round, left.reason), false);
  // While this peer starts, a neighbour that was stopped may be started again.
  if (state_ != PeerState::starting) node_.left(neighbour.address.id, left.round);
}

void PeerCore::on_event(Neighbour& neighbour, wire::Refused& refused) {
  shell_.note(fmt::format("the link with {} is refused{}: {}", neighbour.address.name, refused.by_peer ? " by it" : "",
                          refused.reason),
              true);
  if (state_ == PeerState::training) node_.left(neighbour.address.id, node_.round());
  const bool by_all = std::all_of(neighbours_.begin(), neighbours_.end(),
                                  [](const Neighbour& each) { return each.link->state() == wire::LinkState::refused; });
  if (state_ != PeerState::starting || !by_all) return;
  fail(fmt::format("no neighbour agrees to train with this peer; {}: {}", neighbour.address.name, refused.reason));
}

void PeerCore::fail(std::string why) {
  state_ = PeerState::failed;
  failure_ = std::move(why);
}

/// A peer that comes too late ends only when its other neighbours have heard of it too, or had time to: they may wait
/// for its former life.
void PeerCore::end_when_late() {
  if (state_ != PeerState::starting || late_.empty()) return;
  const bool told = std::none_of(neighbours_.begin(), neighbours_.end(),
                                 [](const Neighbour& each) { return each.link->state() == wire::LinkState::greeting; });
  if (!told && now_ < late_until_) return;
  failure_ = late_;
  finish(failure_);
}

void PeerCore::start_when_agreed() {
  const bool agreed = std::all_of(neighbours_.begin(), neighbours_.end(),
                                  [](const Neighbour& each) { return is_open(each.link->state()); });
  if (state_ != PeerState::starting || !agreed || !late_.empty()) return;
  state_ = PeerState::training;
  task_ = gossip::train(node_, algorithm_, settings_.plan, stop_);
  task_.start();
}

void PeerCore::settle() {
  pump_all();
  end_when_late();
  start_when_agreed();
  if (state_ == PeerState::training && task_.done()) {
    try {
      task_.rethrow();
      finish(stop_ ? "stopped" : "finished");
    } catch (const std::exception& failure) {
      failure_ = failure.what();
      finish(failure_);
    }
  }
  if (state_ == PeerState::draining) drain();
  pump_all();
}

void PeerCore::finish(const std::string& reason) {
  state_ = PeerState::draining;
  for (Neighbour& neighbour : neighbours_) say_goodbye(neighbour, node_.round(), reason);
  drain();
}

void PeerCore::say_goodbye(Neighbour& neighbour, base::Round round, const std::string& reason) {
  if (!neighbour.link->can_say_goodbye()) return;
  send(neighbour,
       {.body = wire::Goodbye{.round = round, .reason = reason.substr(0, wire::kMaxTextBytes)}, .payload = {}});
}

void PeerCore::drain() {
  const bool drained = std::all_of(neighbours_.begin(), neighbours_.end(), [](const Neighbour& each) {
    return !is_open(each.link->state()) || (each.queued.empty() && each.link->all_acknowledged());
  });
  if (drained) state_ = failure_.empty() ? PeerState::done : PeerState::failed;
}

std::vector<NeighbourView> PeerCore::neighbours() const {
  std::vector<NeighbourView> views;
  for (const Neighbour& neighbour : neighbours_) {
    views.push_back({.id = neighbour.address.id,
                     .name = neighbour.address.name,
                     .state = neighbour.link->state(),
                     .weight = node_.weight_of(neighbour.address.id),
                     .round = node_.round_of(neighbour.address.id),
                     .statistics = &neighbour.link->statistics(),
                     .bytes = &neighbour.bytes});
  }
  return views;
}

std::vector<std::string> PeerCore::waiting_for() const {
  std::vector<std::string> names;
  const std::vector<base::PeerId> late = node_.waiting_for();
  for (const Neighbour& neighbour : neighbours_) {
    const bool greets = state_ == PeerState::starting && !is_open(neighbour.link->state());
    const bool is_late = std::find(late.begin(), late.end(), neighbour.address.id) != late.end();
    if (greets || is_late) names.push_back(neighbour.address.name);
  }
  return names;
}

}  // namespace parley::simulation
