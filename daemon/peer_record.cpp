#include "daemon/peer_record.h"

#include <chrono>

#include "daemon/assembly.h"

namespace parley::daemon {
namespace {

double in_seconds(gossip::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

wire::TrafficBytes traffic(const std::array<std::uint64_t, 4>& bytes) {
  const auto of = [&bytes](wire::Traffic kind) { return bytes[static_cast<std::size_t>(kind)]; };
  return {.payload = of(wire::Traffic::payload),
          .header = of(wire::Traffic::header),
          .control = of(wire::Traffic::control),
          .resend = of(wire::Traffic::resend)};
}

wire::PeerState state_of(const simulation::PeerCore* core) {
  if (core == nullptr) return wire::PeerState::starting;
  switch (core->state()) {
    case simulation::PeerState::starting:
      return wire::PeerState::waiting;
    case simulation::PeerState::training:
      return wire::PeerState::training;
    case simulation::PeerState::draining:
      return wire::PeerState::draining;
    case simulation::PeerState::done:
      return wire::PeerState::done;
    case simulation::PeerState::failed:
      return wire::PeerState::failed;
  }
  PARLEY_CHECK(false);
  return {};
}

wire::NeighbourStatus describe(const simulation::NeighbourView& view, const std::string& address,
                               std::uint64_t own_round, gossip::Duration now) {
  wire::NeighbourStatus status;
  status.name = view.name;
  status.endpoint = address;
  status.state = view.state;
  status.weight = view.weight;
  if (view.round) {
    status.round = view.round->value;
    status.round_lag = static_cast<std::int64_t>(own_round) - static_cast<std::int64_t>(view.round->value);
  }
  if (view.statistics->round_trip) status.rtt_seconds = in_seconds(*view.statistics->round_trip);
  if (view.statistics->last_heard > wire::Time{})
    status.last_heard_seconds = in_seconds(now - view.statistics->last_heard);
  status.sent = traffic(view.bytes->sent);
  status.received = traffic(view.bytes->received);
  status.resent = view.statistics->resent;
  status.duplicates = view.statistics->duplicates;
  status.offences = view.statistics->offences;
  return status;
}

}  // namespace

PeerRecord::PeerRecord(const Config& config, base::PeerId peer)
    : config_(config), self_(peer), config_hash_(config_hash(config)) {}

void PeerRecord::round_finished(const gossip::RoundReport& report, const simulation::PeerCore& core) {
  rounds_done_ = report.round.value + 1;
  loss_ = report.loss;
  if (!report.evaluation) return;
  evaluated_ = report;
  model_hash_ = model_hash(core.node().x());
  hashed_round_ = rounds_done_;
}

wire::PeerStatus PeerRecord::status(const simulation::PeerCore* core, gossip::Duration now) const {
  wire::PeerStatus status;
  status.name = config_.roster[self_.value].name;
  status.swarm = config_.swarm.name;
  status.config_hash = config_hash_;
  status.state = state_of(core);
  status.round = rounds_done_;
  status.rounds = config_.swarm.rounds;
  status.loss = loss_;
  if (hashed_round_ == rounds_done_) status.model_hash = model_hash_;
  if (evaluated_) {
    status.train_loss = evaluated_->evaluation->train_loss;
    status.test_loss = evaluated_->evaluation->test_loss;
    status.test_accuracy = evaluated_->evaluation->test_accuracy;
    status.consensus_distance = evaluated_->consensus_distance;
  }
  if (core == nullptr) return status;

  status.failure = core->failure();
  status.sent = traffic(core->bytes().sent);
  status.received = traffic(core->bytes().received);
  const gossip::Profile& profile = core->node().profile();
  status.seconds = {.compute = in_seconds(profile.compute),
                    .encode = in_seconds(profile.encode),
                    .wait = in_seconds(profile.wait),
                    .decode = in_seconds(profile.decode),
                    .mix = in_seconds(profile.mix)};
  status.waiting_for = core->waiting_for();
  for (const simulation::NeighbourView& view : core->neighbours()) {
    status.neighbours.push_back(describe(view, config_.roster[view.id.value].address, core->node().round().value, now));
  }
  return status;
}

}  // namespace parley::daemon
