#include "gossip/node.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace parley::gossip {
namespace {

/// A neighbour can be one exchange ahead of us where both ends of a link send: to end the next one it needs our message
/// of it. Where only one sends, it goes on as long as this many of its messages are in exchanges that the other has not
/// begun.
constexpr std::size_t kMostUnanswered = 2;
/// So this many messages of one neighbour can wait here: those, that of the exchange it has opened since, and that of
/// the one that this node has begun and not ended.
constexpr std::size_t kMostArrived = kMostUnanswered + 2;

bool contains(std::span<const base::PeerId> ascending, base::PeerId peer) {
  return std::binary_search(ascending.begin(), ascending.end(), peer);
}

}  // namespace

Node::Node(const NodeParts& parts)
    : parts_(parts),
      gradient_(parts.learner.layout().size()),
      encode_state_(parts.compressor.make_state()),
      decode_state_(parts.compressor.make_state()) {
  if (parts.executor != nullptr) {
    encode_state_->share_with(*parts.executor);
    decode_state_->share_with(*parts.executor);
  }
  for (base::PeerId peer : parts.schedule.partners(parts.self)) {
    PARLEY_CHECK(peer != parts.self && (all_.empty() || all_.back().id < peer), peer);
    all_.emplace_back().id = peer;
  }
  next_x();
  advance_x();
  std::fill(x_.begin(), x_.end(), 0.0f);
  parts_.learner.initial_model(x_);
  refresh_recipients();
}

std::span<float> Node::mutable_x() {
  PARLEY_CHECK(is_idle() && !is_x_shared_, round_);
  return x_;
}

std::span<float> Node::next_x() {
  const std::size_t d = gradient_.size();
  next_x_ = {reinterpret_cast<float*>(models_.take(d * sizeof(float)).data()), d};
  return next_x_;
}

void Node::advance_x() {
  PARLEY_CHECK(is_idle() && next_x_.size() == gradient_.size(), round_);
  model_ = models_.seal(next_x_.size_bytes());
  x_ = std::exchange(next_x_, {});
  is_x_shared_ = false;
}

void Node::step_part(std::size_t first, std::span<float> target, std::span<const float> at, std::span<const float> g) {
  const auto eta = static_cast<float>(parts_.learning_rate * parts_.decay.factor(round_));
  parts_.optimizer.step_part(first, target, at, g, eta);
}

std::span<float> Node::scratch() {
  PARLEY_CHECK(is_idle(), round_);
  return gradient_;
}

base::RandomKey Node::key_of(base::PeerId peer, base::Phase phase) const {
  // Phases of a round get streams of their own: the phase takes the bits of the round that no run can reach.
  constexpr int kRoundBits = 40;
  PARLEY_CHECK(round_.value < (std::uint64_t{1} << kRoundBits) && phase.value < 256, round_, phase);
  const base::Round round{round_.value | (std::uint64_t{phase.value} << kRoundBits)};
  return {.seed = parts_.seed, .peer = peer, .round = round, .stream = base::Stream::compression};
}

Payload Node::compress(std::span<const float> v, base::Phase phase) {
  if (v.data() == x_.data() && v.size() == x_.size() && parts_.compressor.sends_floats()) {
    if (!parts_.compressor.check_payload(model_.bytes, x_.size())) diverged(v);
    is_x_shared_ = true;
    return model_;
  }
  return encode(v, phase, *encode_state_);
}

Payload Node::compress_for(base::PeerId recipient, std::span<const float> v, base::Phase phase) {
  Neighbour* neighbour = find(recipient);
  PARLEY_CHECK(neighbour != nullptr, recipient);
  if (!neighbour->encode_state) neighbour->encode_state = parts_.compressor.make_state();
  return encode(v, phase, *neighbour->encode_state);
}

Payload Node::encode(std::span<const float> v, base::Phase phase, compression::State& state) {
  const std::span<std::byte> buffer = pool_.take(parts_.compressor.max_payload_size(v.size()));
  const auto size = parts_.compressor.encode(v, key_of(parts_.self, phase), state, buffer);
  if (!size) diverged(v);
  return pool_.seal(*size);
}

void Node::diverged(std::span<const float> v) const {
  const auto bad = static_cast<std::size_t>(
      std::find_if(v.begin(), v.end(), [](float value) { return !std::isfinite(value); }) - v.begin());
  PARLEY_CHECK(bad < v.size(), bad);
  throw Diverged(
      fmt::format("round {}: \"{}\" of the model is not finite any more (coordinate {}); lower learning.learning_rate",
                  round_, parts_.learner.layout().tensor_of(bad).name, bad));
}

void Node::decode_own(const Payload& payload, float scale, std::span<float> y, base::Phase phase) {
  const auto decoded =
      parts_.compressor.decode_add(payload.bytes, key_of(parts_.self, phase), scale, *decode_state_, y);
  PARLEY_CHECK(decoded.ok(), decoded.refusal().reason, decoded.refusal().detail);
}

bool Node::decode(Received& received, float scale, std::span<float> y, base::Phase phase) {
  const auto decoded =
      parts_.compressor.decode_add(received.payload.bytes, key_of(received.from, phase), scale, *decode_state_, y);
  if (!decoded) refuse(received, decoded.refusal());
  return decoded.ok();
}

bool Node::check(Received& received) {
  const auto checked = parts_.compressor.check_payload(received.payload.bytes, size());
  if (!checked) refuse(received, checked.refusal());
  return checked.ok();
}

void Node::refuse(Received& received, const base::Refusal& refusal) {
  received.refused = true;
  find(received.from)->refused = true;
  parts_.host.offence(received.from, refusal);
}

void Node::start(Work work) {
  PARLEY_CHECK(is_idle(), round_);
  running_[static_cast<std::size_t>(work)] = true;
  parts_.host.begin(work);
}

void Node::perform(Work work) {
  const Duration start = parts_.host.now();
  try {
    if (work == Work::gradient) {
      loss_ = parts_.learner.gradient(x_, round_, gradient_);
    } else {
      evaluation_ = parts_.learner.evaluate(x_);
    }
  } catch (...) {
    work_failure_ = std::current_exception();
  }
  work_time_ = parts_.host.now() - start;
}

void Node::completed(Work work) {
  PARLEY_CHECK(!is_done(work));
  running_[static_cast<std::size_t>(work)] = false;
  profile_.compute += work_time_;
  wake();
}

void Node::rethrow_failure() {
  if (work_failure_) std::rethrow_exception(std::exchange(work_failure_, nullptr));
  if (!std::isfinite(loss_))
    throw Diverged(fmt::format("round {}: the loss is not finite; lower learning.learning_rate", round_));
}

bool Node::has_come(const Neighbour& neighbour) const {
  return !takes_part(neighbour) || !neighbour.arrived.empty();
}

bool Node::takes_part(const Neighbour& neighbour) const {
  return !neighbour.refused && !(neighbour.leaves && *neighbour.leaves <= round_);
}

const topology::Neighbourhood& Node::surroundings(base::Round round) {
  Surroundings& known = known_[round == round_ || parts_.schedule.is_static() ? 0 : 1];
  if (!known.round || (*known.round != round && !parts_.schedule.is_static())) {
    known.hood = parts_.schedule.neighbours(parts_.self, round);
    known.round = round;
  }
  return known.hood;
}

void Node::refresh_recipients() {
  recipients_.clear();
  for (base::PeerId peer : surroundings(round_).out) {
    // Who leaves in the first round may begin anew, and then needs what was meant for its former life.
    const Neighbour& neighbour = *find(peer);
    if (takes_part(neighbour) || (round_.value == 0 && !neighbour.refused)) recipients_.push_back(peer);
  }
}

bool Node::is_sender(base::PeerId peer, base::Round round) {
  return contains(surroundings(round).in, peer);
}

bool Node::is_recipient(base::PeerId peer, base::Round round) {
  return contains(surroundings(round).out, peer);
}

void Node::finish_round() {
  // Only a neighbour that begins anew in the first round may ask for what was sent to its former life.
  for (Neighbour& neighbour : all_) neighbour.sent = {};
  round_ = base::next(round_);
  refresh_recipients();
}

/// How many of these peers count in this round. Who leaves before it still does: whether its farewell has come already
/// depends on time, and the weights must not.
std::size_t Node::degree(std::span<const base::PeerId> peers) const {
  return static_cast<std::size_t>(std::count_if(peers.begin(), peers.end(), [this](base::PeerId peer) {
    const Neighbour& neighbour = *find(peer);
    return !neighbour.refused && !(neighbour.leaves && *neighbour.leaves < round_);
  }));
}

void Node::open_exchange(std::span<const Payload> payloads, float contraction, base::Phase phase) {
  PARLEY_CHECK(!exchange_ && (payloads.size() == 1 || payloads.size() == recipients_.size()), payloads.size());
  inbox_.clear();
  exchange_ = ExchangeId{round_, phase};
  const topology::Neighbourhood& hood = surroundings(round_);
  in_degree_ = degree(hood.in);
  announced_ = {.id = *exchange_, .degree = static_cast<std::uint32_t>(degree(hood.out)), .contraction = contraction};
  tell_silent_ones(hood);
  if (recipients_.empty()) return;
  const bool each = payloads.size() > 1;
  for (std::size_t k = 0; k < recipients_.size(); ++k) {
    Neighbour& neighbour = *find(recipients_[k]);
    neighbour.sent = payloads[each ? k : 0];
    if (contains(hood.in, neighbour.id)) continue;
    if (neighbour.answered_early == exchange_) continue;
    neighbour.unanswered.push_back(*exchange_);
  }
  if (!each) return parts_.host.broadcast(announced_, payloads.front(), recipients_);
  for (std::size_t k = 0; k < recipients_.size(); ++k)
    parts_.host.broadcast(announced_, payloads[k], std::span(&recipients_[k], 1));
}

/// Those who send to this node and get nothing from it learn that it has come so far.
void Node::tell_silent_ones(const topology::Neighbourhood& hood) {
  if (hood.is_symmetric()) return;
  for (const base::PeerId& peer : hood.in) {
    if (!contains(hood.out, peer) && takes_part(*find(peer))) parts_.host.hold(announced_, std::span(&peer, 1));
  }
}

bool Node::keeps_up(base::PeerId peer) const {
  const Neighbour& neighbour = *find(peer);
  return !takes_part(neighbour) || neighbour.unanswered.size() <= kMostUnanswered;
}

bool Node::is_complete() const {
  const topology::Neighbourhood& hood = known_[0].hood;
  return std::all_of(hood.in.begin(), hood.in.end(), [this](base::PeerId peer) { return has_come(*find(peer)); }) &&
         std::all_of(recipients_.begin(), recipients_.end(), [this](base::PeerId peer) { return keeps_up(peer); });
}

double Node::weight_of_arc(std::size_t place, const Announcement& announcement) const {
  const topology::Neighbourhood& hood = known_[0].hood;
  if (!hood.weights.empty()) return hood.weights[place];
  return parts_.weight({.from = hood.in[place],
                        .to = parts_.self,
                        .from_degree = announcement.degree,
                        .to_degree = in_degree_,
                        .round = round_});
}

Inbox Node::close_exchange() {
  const topology::Neighbourhood& hood = surroundings(round_);
  for (std::size_t place = 0; place < hood.in.size(); ++place) {
    Neighbour& neighbour = *find(hood.in[place]);
    if (neighbour.arrived.empty() || neighbour.refused) continue;
    if (neighbour.arrived.front().announcement.id != *exchange_) continue;
    const Announcement& announcement = neighbour.arrived.front().announcement;
    neighbour.weight = weight_of_arc(place, announcement);
    inbox_.push_back({.from = neighbour.id,
                      .weight = static_cast<float>(neighbour.weight),
                      .contraction = announcement.contraction,
                      .payload = std::move(neighbour.arrived.front().payload)});
    neighbour.arrived.pop_front();
  }
  closed_ = *exchange_;
  exchange_.reset();
  return inbox_;
}

base::Result<void> Node::receive(base::PeerId from, const Announcement& announcement, Payload payload) {
  Neighbour* neighbour = find(from);
  if (neighbour == nullptr) return base::Refusal{"not_a_neighbour", fmt::format("peer {}", from)};
  if (!std::isfinite(announcement.contraction) || announcement.contraction < 0 || announcement.contraction > 1) {
    return base::Refusal{"contraction_out_of_range", fmt::format("{}", announcement.contraction)};
  }
  if (announcement.degree == 0) return base::Refusal{"degree_out_of_range", "a neighbour has at least one neighbour"};
  const base::Round round = announcement.id.round;
  const bool repeated = neighbour->newest && announcement.id.phase.value == 0 && round <= *neighbour->newest;
  const bool in_step = parts_.schedule.is_static() && !parts_.schedule.is_directed();
  const bool too_far = (in_step && round > base::next(round_)) ||
                       neighbour->arrived.size() >= (is_recipient(from, round) ? 2 : kMostArrived);
  if (round < round_ || repeated || too_far) {
    return base::Refusal{"exchange_out_of_range", fmt::format("round {} phase {} while in round {}",
                                                              announcement.id.round, announcement.id.phase, round_)};
  }
  if (!is_sender(from, round))
    return base::Refusal{"not_a_sender", fmt::format("peer {} does not send to this one in round {}", from, round)};
  // The second life of a neighbour repeats what this node has used already, to the bit.
  if (closed_ && announcement.id <= *closed_) return {};
  neighbour->newest = round;
  neighbour->arrived.push_back({announcement, std::move(payload)});
  wake();
  return {};
}

base::Result<void> Node::held(base::PeerId from, const ExchangeId& id) {
  Neighbour* neighbour = find(from);
  if (neighbour == nullptr) return base::Refusal{"not_a_neighbour", fmt::format("peer {}", from)};
  if (!is_recipient(from, id.round) || is_sender(from, id.round))
    return base::Refusal{"not_a_recipient", fmt::format("peer {} has no need to say so in round {}", from, id.round)};
  std::deque<ExchangeId>& unanswered = neighbour->unanswered;
  if (!unanswered.empty() && unanswered.front() == id) {
    unanswered.pop_front();
  } else {
    neighbour->answered_early = id;
  }
  wake();
  return {};
}

void Node::left(base::PeerId peer, base::Round round) {
  Neighbour* neighbour = find(peer);
  if (neighbour == nullptr) return;
  neighbour->leaves = round;
  if (!exchange_) refresh_recipients();
  wake();
}

void Node::begins_anew(base::PeerId peer) {
  PARLEY_CHECK(round_.value == 0, round_);
  Neighbour* neighbour = find(peer);
  if (neighbour == nullptr) return;
  neighbour->arrived.clear();
  neighbour->leaves.reset();
  neighbour->newest.reset();
  neighbour->unanswered.clear();
  neighbour->answered_early.reset();
  neighbour->refused = false;
  if (!exchange_) refresh_recipients();
  if ((exchange_ || closed_) && contains(surroundings(round_).out, peer))
    parts_.host.broadcast(announced_, neighbour->sent, std::span(&peer, 1));
}

void Node::suspend(std::coroutine_handle<> handle, std::optional<Work> work) {
  suspended_ = handle;
  suspended_for_ = work;
  suspended_at_ = parts_.host.now();
}

void Node::wake() {
  if (!suspended_) return;
  if (suspended_for_ ? !is_done(*suspended_for_) : !is_complete()) return;
  if (!suspended_for_) profile_.wait += parts_.host.now() - suspended_at_;
  std::exchange(suspended_, nullptr).resume();
}

std::vector<base::PeerId> Node::waiting_for() const {
  std::vector<base::PeerId> missing;
  if (!exchange_) return missing;
  for (base::PeerId peer : known_[0].hood.in) {
    if (!has_come(*find(peer))) missing.push_back(peer);
  }
  for (base::PeerId peer : recipients_) {
    if (!keeps_up(peer)) missing.push_back(peer);
  }
  return missing;
}

std::optional<Duration> Node::waiting_since() const {
  return suspended_ && !suspended_for_ ? std::optional(suspended_at_) : std::nullopt;
}

Node::Neighbour* Node::find(base::PeerId peer) {
  const auto found = std::find_if(all_.begin(), all_.end(), [peer](const Neighbour& each) { return each.id == peer; });
  return found == all_.end() ? nullptr : &*found;
}

const Node::Neighbour* Node::find(base::PeerId peer) const {
  return const_cast<Node*>(this)->find(peer);
}

double Node::weight_of(base::PeerId peer) const {
  const Neighbour* neighbour = find(peer);
  return neighbour == nullptr ? 0 : neighbour->weight;
}

std::optional<base::Round> Node::round_of(base::PeerId peer) const {
  const Neighbour* neighbour = find(peer);
  return neighbour == nullptr ? std::nullopt : neighbour->newest;
}

}  // namespace parley::gossip
