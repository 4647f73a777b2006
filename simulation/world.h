// A swarm in one process and virtual time: the same cores, links and frames as between real peers, on a network whose
// delays follow from its settings alone. Two runs with the same arguments are the same, event by event.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "base/random.h"
#include "simulation/peer_core.h"

namespace parley::simulation {

struct NetworkSettings {
  wire::Time latency = std::chrono::microseconds(100);  ///< of every link, one way
  double bytes_per_second = 0;                          ///< of every peer's uplink; 0: unlimited
  wire::Time gradient_time{};                           ///< that a gradient takes every peer
  // Faults, for tests: what links promise must hold whatever the network does.
  double loss = 0;         ///< probability that a frame is lost
  double duplication = 0;  ///< probability that it arrives twice
  wire::Time jitter{};     ///< every frame is late by up to this, so that frames overtake each other
  std::uint64_t fault_seed = 1;
};

/// What a world tells of its peers.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void round_finished(base::PeerId peer, const gossip::RoundReport& report) = 0;
  virtual void note(base::PeerId peer, const std::string& text, bool urgent) = 0;
};

class World {
 public:
  /// `clock` is for the peers' profiles only. The observer outlives the world.
  World(NetworkSettings settings, Observer& observer, std::function<gossip::Duration()> clock);
  ~World();

  /// Peers are added in the order of their ids, 0, 1, ...; references outlive the world.
  PeerCore& add(PeerSettings settings, const NodeIngredients& ingredients, gossip::Algorithm& algorithm);

  /// Runs until every peer is done or failed, or `interrupted` turns true, which is looked at between events. Checked:
  /// there is always something to happen.
  void run(const bool& interrupted);

  wire::Time now() const { return now_; }
  const PeerCore& peer(base::PeerId id) const;
  std::size_t size() const { return peers_.size(); }

 private:
  struct Inhabitant;
  struct Event {
    wire::Time at{};
    std::uint64_t order = 0;  // events at one time happen in the order in which they were made
    std::function<void()> happen;
    bool operator>(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };

  void schedule(wire::Time at, std::function<void()> happen);
  void schedule_timer(Inhabitant& peer);

  NetworkSettings settings_;
  Observer& observer_;
  std::function<gossip::Duration()> clock_;
  wire::Time now_{};
  std::uint64_t made_ = 0;
  base::Random faults_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<std::unique_ptr<Inhabitant>> peers_;
};

}  // namespace parley::simulation
