#include "gossip/node.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace parley::gossip {
namespace {

/// A neighbour can be one exchange ahead of us at most: to end the next one it needs our message of it.
constexpr std::size_t kMostArrived = 2;

}  // namespace

Node::Node(const NodeParts& parts, topology::Neighbourhood neighbours)
    : parts_(parts),
      gradient_(parts.learner.layout().size()),
      encode_state_(parts.compressor.make_state()),
      decode_state_(parts.compressor.make_state()) {
  PARLEY_CHECK(neighbours.is_symmetric() && std::is_sorted(neighbours.in.begin(), neighbours.in.end()));
  for (base::PeerId peer : neighbours.in) {
    PARLEY_CHECK(peer != parts.self, peer);
    Neighbour neighbour;
    neighbour.id = peer;
    all_.push_back(std::move(neighbour));
  }
  next_x();
  advance_x();
  std::fill(x_.begin(), x_.end(), 0.0f);
  parts_.learner.initial_model(x_);
  refresh_neighbours();
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
  const std::span<std::byte> buffer = pool_.take(parts_.compressor.max_payload_size(v.size()));
  const auto size = parts_.compressor.encode(v, key_of(parts_.self, phase), *encode_state_, buffer);
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

bool Node::takes_part(const Neighbour& neighbour) const {
  return !neighbour.refused && !(neighbour.leaves && *neighbour.leaves <= round_);
}

void Node::refresh_neighbours() {
  neighbours_.clear();
  for (const Neighbour& neighbour : all_) {
    if (takes_part(neighbour)) neighbours_.push_back(neighbour.id);
  }
}

void Node::open_exchange(Payload payload, float contraction, base::Phase phase) {
  PARLEY_CHECK(!exchange_);
  inbox_.clear();
  refresh_neighbours();
  exchange_ = ExchangeId{round_, phase};
  // Who leaves before this round still counts in it: whether its farewell has come already depends on time, and the
  // weights must not.
  const auto degree = std::count_if(all_.begin(), all_.end(), [this](const Neighbour& neighbour) {
    return !neighbour.refused && !(neighbour.leaves && *neighbour.leaves < round_);
  });
  announced_ = {.id = *exchange_, .degree = static_cast<std::uint32_t>(degree), .contraction = contraction};
  sent_ = std::move(payload);
  parts_.host.broadcast(announced_, sent_, neighbours_);
}

bool Node::is_complete() const {
  return std::none_of(all_.begin(), all_.end(), [this](const Neighbour& neighbour) {
    return takes_part(neighbour) && neighbour.arrived.empty();
  });
}

Inbox Node::close_exchange() {
  for (Neighbour& neighbour : all_) {
    if (neighbour.arrived.empty() || neighbour.refused) continue;
    if (neighbour.arrived.front().announcement.id != *exchange_) continue;
    const Announcement& announcement = neighbour.arrived.front().announcement;
    neighbour.weight = parts_.weight(
        {.from = neighbour.id, .to = parts_.self, .from_degree = announcement.degree, .to_degree = announced_.degree});
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
  const bool repeated =
      neighbour->newest && announcement.id.phase.value == 0 && announcement.id.round <= *neighbour->newest;
  const bool too_far = announcement.id.round > base::next(round_) || neighbour->arrived.size() >= kMostArrived;
  if (announcement.id.round < round_ || repeated || too_far) {
    return base::Refusal{"exchange_out_of_range", fmt::format("round {} phase {} while in round {}",
                                                              announcement.id.round, announcement.id.phase, round_)};
  }
  // The second life of a neighbour repeats what this node has used already, to the bit.
  if (closed_ && announcement.id <= *closed_) return {};
  neighbour->newest = announcement.id.round;
  neighbour->arrived.push_back({announcement, std::move(payload)});
  wake();
  return {};
}

void Node::left(base::PeerId peer, base::Round round) {
  Neighbour* neighbour = find(peer);
  if (neighbour == nullptr) return;
  neighbour->leaves = round;
  wake();
}

void Node::begins_anew(base::PeerId peer) {
  PARLEY_CHECK(round_.value == 0, round_);
  Neighbour* neighbour = find(peer);
  if (neighbour == nullptr) return;
  neighbour->arrived.clear();
  neighbour->leaves.reset();
  neighbour->newest.reset();
  neighbour->refused = false;
  if (exchange_ || closed_) parts_.host.broadcast(announced_, sent_, std::span(&peer, 1));
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
  for (const Neighbour& neighbour : all_) {
    if (takes_part(neighbour) && neighbour.arrived.empty()) missing.push_back(neighbour.id);
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
