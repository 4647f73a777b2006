// A peer without sockets, threads or a clock: a gossip node on the links of its neighbours.
//
// The simulator runs many of these in virtual time; the daemon runs one behind sockets and workers. Whatever a peer
// does to its numbers happens in here, so that both end with the same model.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"
#include "gossip/algorithm.h"
#include "gossip/node.h"
#include "gossip/task.h"
#include "gossip/training.h"
#include "wire/link.h"
#include "wire/message.h"
#include "wire/transport.h"

namespace parley::simulation {

/// What a core asks of whoever runs it.
class Shell {
 public:
  virtual ~Shell() = default;
  /// See gossip::Host::begin: runs PeerCore::perform and PeerCore::completed, now or later.
  virtual void begin(gossip::Work work) = 0;
  virtual void round_finished(const gossip::RoundReport& report) = 0;
  /// Something an operator may want to read. `urgent` is for what keeps training from going on.
  virtual void note(const std::string& text, bool urgent) = 0;
  /// A monotonic clock, for profiles.
  virtual gossip::Duration now() const = 0;
};

enum class PeerState : std::uint8_t {
  starting,  ///< waiting for its links to agree
  training,
  draining,  ///< done with training, waiting for its last messages to be acknowledged
  done,
  failed,
};
std::string_view name_of(PeerState state);

struct NeighbourAddress {
  base::PeerId id{};
  std::string name;
};

struct PeerSettings {
  base::PeerId self{};
  std::string name;
  base::Incarnation incarnation{};
  std::vector<NeighbourAddress> neighbours;  ///< ascending
  std::vector<wire::Term> terms;             ///< what every peer must have alike; names the swarm too
  gossip::Plan plan;
  wire::LinkSettings link;  ///< windows and timers; identities are filled in
};

/// What the node is made of, but for its place in the swarm.
struct NodeIngredients {
  std::uint64_t seed = 1;
  learning::Learner& learner;
  learning::Optimizer& optimizer;
  const learning::Decay& decay;
  double learning_rate = 0.1;
  const compression::Compressor& compressor;
  const topology::Schedule& schedule;
  std::function<double(const topology::Arc& arc)> weight;
  base::Executor* executor = nullptr;  ///< see gossip::NodeParts
};

/// What is known of one neighbour.
struct NeighbourView {
  base::PeerId id{};
  std::string_view name;
  wire::LinkState state{};
  double weight = 0;
  std::optional<base::Round> round;  ///< of its newest message
  const wire::LinkStatistics* statistics = nullptr;
  const wire::ByteCount* bytes = nullptr;
};

class PeerCore final : private gossip::Host {
 public:
  /// References outlive the core.
  PeerCore(PeerSettings settings, const NodeIngredients& ingredients, gossip::Algorithm& algorithm,
           wire::Transport& transport, Shell& shell);

  // In.

  /// Says Hello to every neighbour. To be called once, before anything else.
  void start(wire::Time now);

  /// Two frames from outside, from whoever. Malformed ones are counted and dropped.
  void on_frames(const wire::Frames& frames, wire::Time now);
  /// To be called at or after deadline().
  void on_time(wire::Time now);
  void perform(gossip::Work work) { node_.perform(work); }
  /// Both at once, for a Shell that does the work before begin() returns.
  void perform_here(gossip::Work work) {
    node_.perform(work);
    node_.completed(work);
  }
  void completed(gossip::Work work, wire::Time now);
  /// Finishes the round, says goodbye and drains.
  void stop(wire::Time now);
  /// Leaves at once, in the middle of a round if need be, because a neighbour that is waited for does not come.
  void abandon(wire::Time now);

  // Out.

  PeerState state() const { return state_; }
  /// Why state() is failed.
  const std::string& failure() const { return failure_; }
  std::optional<wire::Time> deadline() const;
  const gossip::Node& node() const { return node_; }
  const wire::ByteCount& bytes() const { return bytes_; }
  std::vector<NeighbourView> neighbours() const;
  /// Names of those whose message the open exchange, or agreement, waits for.
  std::vector<std::string> waiting_for() const;
  /// Frames from outside that were dropped, by reason.
  const std::map<std::string, std::uint64_t>& refusals() const { return refusals_; }

 private:
  /// What the link's window has no room for yet. Where a neighbour answers every exchange there is always room; one
  /// that only listens may fall behind.
  struct Queued {
    wire::Body body;
    wire::Bytes payload;
    std::uint64_t payload_hash = 0;
  };
  struct Neighbour {
    NeighbourAddress address;
    std::unique_ptr<wire::Link> link;
    wire::ByteCount bytes;
    // Bytes that the transport took and keeps until there is a connection: not sent yet.
    std::optional<std::array<std::uint64_t, 4>> unsent = std::nullopt;
    std::deque<Queued> queued = {};
  };

  void broadcast(const gossip::Announcement& announcement, const gossip::Payload& payload,
                 std::span<const base::PeerId> to) override;
  void hold(const gossip::Announcement& announcement, std::span<const base::PeerId> to) override;
  void begin(gossip::Work work) override { shell_.begin(work); }
  void offence(base::PeerId from, const base::Refusal& refusal) override;
  void round_finished(const gossip::RoundReport& report) override;
  gossip::Duration now() const override { return shell_.now(); }

  std::unique_ptr<wire::Link> open_link(const NeighbourAddress& address) const;
  Neighbour* find(base::PeerId peer);
  void count_refusal(const base::Refusal& refusal, std::string_view who);
  void pump(Neighbour& neighbour);
  void pump_all();
  void send(Neighbour& neighbour, Queued message);
  void send_queued(Neighbour& neighbour);
  void send_pending(Neighbour& neighbour);
  void count_unsent(Neighbour& neighbour);
  void on_event(Neighbour& neighbour, wire::Delivered& delivered);
  void on_event(Neighbour& neighbour, wire::Agreed& agreed);
  void on_event(Neighbour& neighbour, wire::Left& left);
  void on_event(Neighbour& neighbour, wire::Refused& refused);
  bool has_been_without(base::PeerId neighbour, base::Round round) const;
  void settle();
  void fail(std::string why);
  void start_when_agreed();
  void end_when_late();
  void finish(const std::string& reason);
  void say_goodbye(Neighbour& neighbour, base::Round round, const std::string& reason);
  void drain();

  // Constant after construction.
  PeerSettings settings_;
  gossip::Algorithm& algorithm_;
  wire::Transport& transport_;
  Shell& shell_;

  // Loop thread only.
  wire::Time now_{};  // constant within one call from outside
  gossip::Node node_;
  std::vector<Neighbour> neighbours_;
  PeerState state_ = PeerState::starting;
  bool stop_ = false;
  std::vector<wire::Outgoing> outgoing_;
  std::vector<wire::LinkEvent> events_;
  std::vector<std::byte> header_;  // of the message being sent
  std::string failure_;
  std::string late_;         // why this peer cannot take part, known while it starts
  wire::Time late_until_{};  // others are looked for until then
  wire::ByteCount bytes_;
  std::map<std::string, std::uint64_t> refusals_;
  gossip::Task<> task_;  // last: it refers to what is above
};

}  // namespace parley::simulation
