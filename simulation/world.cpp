#include "simulation/world.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace parley::simulation {
namespace {

/// A frame of the sender's that the receiver owns: virtual networks copy headers, as real ones do.
wire::Bytes own(std::span<const std::byte> bytes) {
  auto copy = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
  const std::span<const std::byte> span(*copy);
  return {.owner = {copy, copy->data()}, .span = span};
}

}  // namespace

/// One peer with its end of the network.
struct World::Inhabitant final : public wire::Transport, public Shell {
  Inhabitant(World& the_world, base::PeerId id) : world(the_world), self(id) {}

  bool send(base::PeerId to, std::span<const std::byte> header, const wire::Bytes& payload) override {
    const auto bytes = static_cast<double>(header.size() + payload.size());
    const double rate = world.settings_.bytes_per_second;
    uplink_free = std::max(uplink_free, world.now_);
    if (rate > 0) uplink_free += wire::Time(static_cast<std::int64_t>(std::ceil(bytes / rate * 1e9)));
    const wire::Frames frames{own(header), payload};
    const int copies = world.faults_.uniform_double() < world.settings_.duplication ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
      if (world.faults_.uniform_double() < world.settings_.loss) continue;
      const auto late = static_cast<std::int64_t>(world.faults_.uniform_double() *
                                                  static_cast<double>(world.settings_.jitter.count()));
      world.schedule(uplink_free + world.settings_.latency + wire::Time(late),
                     [this, to, frames] { world.peers_[to.value]->arrive(frames); });
    }
    return true;
  }
  std::optional<wire::Frames> receive() override { return std::nullopt; }  // arrivals are events

  void begin(gossip::Work work) override {
    const wire::Time takes = work == gossip::Work::gradient ? world.settings_.gradient_time : wire::Time{};
    world.schedule(world.now_ + takes, [this, work] {
      core->perform(work);
      core->completed(work, world.now_);
      world.schedule_timer(*this);
    });
  }
  void round_finished(const gossip::RoundReport& report) override { world.observer_.round_finished(self, report); }
  void note(const std::string& text, bool urgent) override { world.observer_.note(self, text, urgent); }
  gossip::Duration now() const override { return world.clock_(); }

  void arrive(const wire::Frames& frames) {
    // A peer that is done still answers, as a process that lingers a moment does: its last acknowledgement may be lost.
    core->on_frames(frames, world.now_);
    world.schedule_timer(*this);
  }

  World& world;
  base::PeerId self;
  wire::Time uplink_free{};
  std::optional<wire::Time> timer;  // the earliest that is scheduled
  std::unique_ptr<PeerCore> core;
};

World::World(NetworkSettings settings, Observer& observer, std::function<gossip::Duration()> clock)
    : settings_(settings),
      observer_(observer),
      clock_(std::move(clock)),
      faults_({.seed = settings.fault_seed, .peer = {}, .round = {}, .stream = base::Stream::network}) {}

World::~World() = default;

PeerCore& World::add(PeerSettings settings, const NodeIngredients& ingredients, gossip::Algorithm& algorithm) {
  PARLEY_CHECK(settings.self.value == peers_.size(), settings.self);
  Inhabitant& peer = *peers_.emplace_back(std::make_unique<Inhabitant>(*this, settings.self));
  peer.core = std::make_unique<PeerCore>(std::move(settings), ingredients, algorithm, peer, peer);
  peer.core->start(now_);
  schedule_timer(peer);
  return *peer.core;
}

void World::schedule(wire::Time at, std::function<void()> happen) {
  events_.push({at, made_++, std::move(happen)});
}

void World::schedule_timer(Inhabitant& peer) {
  const auto due = peer.core->deadline();
  if (!due || (peer.timer && *peer.timer <= *due)) return;
  peer.timer = due;
  schedule(std::max(*due, now_), [this, &peer] {
    peer.timer.reset();
    peer.core->on_time(now_);
    schedule_timer(peer);
  });
}

void World::run(const bool& interrupted) {
  const auto over = [](const std::unique_ptr<Inhabitant>& peer) {
    return peer->core->state() == PeerState::done || peer->core->state() == PeerState::failed;
  };
  while (!interrupted && !std::all_of(peers_.begin(), peers_.end(), over)) {
    PARLEY_CHECK(!events_.empty(), now_.count());
    const Event event = events_.top();
    events_.pop();
    now_ = event.at;
    event.happen();
  }
}

const PeerCore& World::peer(base::PeerId id) const {
  PARLEY_CHECK(id.value < peers_.size(), id);
  return *peers_[id.value]->core;
}

}  // namespace parley::simulation
