// One peer's side of a decentralised algorithm, without sockets, threads or a clock.
//
// An algorithm is a coroutine over a Node: it computes gradients, compresses, exchanges and mixes, and suspends where
// it needs something from outside. A Host carries out what the node asks for and feeds back what happens.
#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/executor.h"
#include "base/ids.h"
#include "compression/compressor.h"
#include "gossip/payload.h"
#include "gossip/profile.h"
#include "learning/learner.h"
#include "learning/optimizer.h"
#include "topology/schedule.h"

namespace parley::gossip {

/// Identifies one exchange of the whole run; exchanges are numbered alike on all peers.
struct ExchangeId {
  base::Round round{};
  base::Phase phase{};
  auto operator<=>(const ExchangeId&) const = default;
};

/// What goes to every neighbour in an exchange, beside the payload.
struct Announcement {
  ExchangeId id;
  std::uint32_t degree = 0;  ///< of the sender in this round
  float contraction = 0;     ///< running mean of the sender's measured delta, in [0, 1]; 0: not measured
};

/// What came from one neighbour. Valid until the next exchange starts.
struct Received {
  base::PeerId from{};
  float weight = 0;       ///< w_ij of this exchange: the same number at both ends
  float contraction = 0;  ///< as the sender announced it
  Payload payload;
  bool refused = false;  ///< it could not be decoded, so it must not be mixed either
};
/// In ascending order of the sender.
using Inbox = std::span<Received>;

/// Work that may run on another thread.
enum class Work : std::uint8_t { gradient, evaluation };

/// Training cannot go on: the model or a gradient is not finite any more.
class Diverged : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a peer reports of a finished round.
struct RoundReport {
  base::Round round{};  ///< the round that ended
  double loss = 0;      ///< of this round's minibatch, before the step
  std::optional<learning::Evaluation> evaluation;
  double consensus_distance = 0;  ///< see Algorithm; NaN unless evaluated
};

/// What a node asks of the world.
class Host {
 public:
  virtual ~Host() = default;
  /// Sends the payload to these neighbours. The node does not wait.
  virtual void broadcast(const Announcement& announcement, const Payload& payload,
                         std::span<const base::PeerId> to) = 0;
  /// Tells those that send to this node without hearing from it that this exchange has begun.
  virtual void hold(const Announcement& announcement, std::span<const base::PeerId> to) = 0;
  /// Has Node::perform(work) run, on any thread, and Node::completed(work) called afterwards on the node's own; or does
  /// both before it returns.
  virtual void begin(Work work) = 0;
  /// A neighbour sent what cannot be decoded. It will be left out from now on.
  virtual void offence(base::PeerId from, const base::Refusal& refusal) = 0;
  virtual void round_finished(const RoundReport& report) = 0;
  /// Some monotonic clock, for profiles only: no number of the training depends on it.
  virtual Duration now() const = 0;
};

/// What a node is made of. References outlive the node.
struct NodeParts {
  base::PeerId self{};
  std::uint64_t seed = 1;
  learning::Learner& learner;
  learning::Optimizer& optimizer;
  const learning::Decay& decay;
  double learning_rate = 0.1;
  const compression::Compressor& compressor;
  /// Whom it exchanges with, round by round.
  const topology::Schedule& schedule;
  /// w_ij where the schedule gives no weights of its own: WeightRule::weight.
  std::function<double(const topology::Arc& arc)> weight;
  Host& host;
  /// What shares the work of encoding and decoding large models among threads; null: nothing does.
  base::Executor* executor = nullptr;
};

class Node {
 public:
  explicit Node(const NodeParts& parts);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // For algorithms.

  base::PeerId self() const { return parts_.self; }
  base::Round round() const { return round_; }
  std::size_t size() const { return x_.size(); }  ///< d
  /// The model.
  std::span<const float> x() const { return x_; }
  /// The model, to be changed. Checked: no worker reads it, so not between gradient() and its co_await, and it has not
  /// been sent as it is (see compress()).
  std::span<float> mutable_x();
  /// Memory for the model's successor: d floats, with anything in them, nobody else's until advance_x() makes them x.
  std::span<float> next_x();
  void advance_x();
  /// True if every peer starts from the same x^0, so that references may start there too.
  bool common_start() const { return parts_.learner.common_initial_model(); }
  /// Whom this round's exchanges go to, ascending: those of the schedule that take part.
  std::span<const base::PeerId> recipients() const { return recipients_; }
  const topology::Schedule& schedule() const { return parts_.schedule; }
  const compression::Compressor& compressor() const { return parts_.compressor; }

  /// Starts the gradient of this round's minibatch at x; co_await gives it, d floats that stay valid until the next.
  auto gradient() {
    start(Work::gradient);
    return WorkAwaiter<Work::gradient>{*this};
  }
  /// target -= eta * direction(g), with the optimiser's state, for the coordinates from `first` on that the spans hold;
  /// `g` was taken at `at`. See learning::Optimizer::step_part.
  void step_part(std::size_t first, std::span<float> target, std::span<const float> at, std::span<const float> g);
  /// Memory of d floats for what does not outlive the next gradient: it lies where the gradients lie.
  std::span<float> scratch();

  /// C(v), with this round's random key. `v` is named in the message if it is not finite. Throws Diverged. If v is x
  /// and the operator sends floats, nothing is copied: x itself is the payload, and must not change any more.
  Payload compress(std::span<const float> v, base::Phase phase = {});
  /// The same for the link to one recipient, for which warm-started operators remember its own last vector.
  Payload compress_for(base::PeerId recipient, std::span<const float> v, base::Phase phase = {});
  /// y += scale * decode(payload of this node).
  void decode_own(const Payload& payload, float scale, std::span<float> y, base::Phase phase = {});
  /// y += scale * decode(received). False if the payload was refused: y is untouched and the sender will be left out.
  bool decode(Received& received, float scale, std::span<float> y, base::Phase phase = {});
  /// Whether decode() would accept it, for an operator with slices. If not, the sender will be left out.
  bool check(Received& received);

  /// Sends to all recipients at once; co_await gives what came in the same exchange from those that send to this node.
  auto exchange(Payload payload, float contraction = 0, base::Phase phase = {}) {
    open_exchange(std::span(&payload, 1), contraction, phase);
    return ExchangeAwaiter{*this};
  }
  /// The same with a payload for each of recipients(), in their order.
  auto exchange_each(std::span<const Payload> payloads, float contraction = 0, base::Phase phase = {}) {
    open_exchange(payloads, contraction, phase);
    return ExchangeAwaiter{*this};
  }
  /// What the last exchange brought. Valid until the next one starts.
  Inbox inbox() { return inbox_; }

  /// Runs body and books its time.
  template <class Body>
  void timed(Duration Profile::* phase, Body&& body) {
    const Duration start = parts_.host.now();
    body();
    profile_.*phase += parts_.host.now() - start;
  }

  // For the training loop.

  auto evaluation() {
    start(Work::evaluation);
    return WorkAwaiter<Work::evaluation>{*this};
  }
  /// Ends round t: round() is t+1 afterwards.
  void finish_round();
  double last_loss() const { return loss_; }
  void report(const RoundReport& report) { parts_.host.round_finished(report); }

  // For the host.

  /// What was started: to be called once per Host::begin, on any thread, while nobody else calls into the node but
  /// receive() and left(). Touches the learner, the gradient and, read-only, x.
  void perform(Work work);
  void completed(Work work);
  /// A neighbour's message. Refuses an exchange that is over, or too far ahead to be real.
  base::Result<void> receive(base::PeerId from, const Announcement& announcement, Payload payload);
  /// A neighbour that sends nothing has begun an exchange. Refuses one that this node has sent it nothing for.
  base::Result<void> held(base::PeerId from, const ExchangeId& id);
  /// A neighbour takes part in no round from `round` on.
  void left(base::PeerId peer, base::Round round);
  /// A neighbour begins anew: what its former life sent or said is forgotten, and if this node has sent it a message
  /// in this round, the new life is sent it too. Checked: this node is in its first round.
  void begins_anew(base::PeerId peer);
  /// Neighbours whose message of the open exchange has not come; empty without an open exchange.
  std::vector<base::PeerId> waiting_for() const;
  /// Since when the open exchange has been waited for, on Host::now()'s clock; nothing if it is not.
  std::optional<Duration> waiting_since() const;
  /// How long the last work that ended took.
  Duration last_work_time() const { return work_time_; }
  const Profile& profile() const { return profile_; }
  double weight_of(base::PeerId peer) const;
  /// The last exchange that this neighbour's messages have reached.
  std::optional<base::Round> round_of(base::PeerId peer) const;

 private:
  struct Waiting {
    Announcement announcement;
    Payload payload;
  };
  struct Neighbour {
    base::PeerId id{};
    std::deque<Waiting> arrived;  // of the open exchange, and ahead of it
    std::optional<base::Round> leaves;
    std::optional<base::Round> newest;
    double weight = 0;
    bool refused = false;
    // Where only this node sends: the exchanges that it has sent a message in and the neighbour has not begun.
    std::deque<ExchangeId> unanswered;
    std::optional<ExchangeId> answered_early;          // begun there before this node had sent its message
    Payload sent;                                      // in the last exchange that it was a recipient of
    std::unique_ptr<compression::State> encode_state;  // for compress_for(); made when first needed
  };
  /// What the schedule says of a round.
  struct Surroundings {
    std::optional<base::Round> round;
    topology::Neighbourhood hood;
  };
  template <Work work>
  struct WorkAwaiter {
    Node& node;
    bool await_ready() const { return node.is_done(work); }
    void await_suspend(std::coroutine_handle<> handle) const { node.suspend(handle, work); }
    auto await_resume() const {
      node.rethrow_failure();
      if constexpr (work == Work::gradient) {
        return std::span<const float>(node.gradient_);
      } else {
        return node.evaluation_;
      }
    }
  };
  struct ExchangeAwaiter {
    Node& node;
    bool await_ready() const { return node.is_complete(); }
    void await_suspend(std::coroutine_handle<> handle) const { node.suspend(handle, std::nullopt); }
    Inbox await_resume() const { return node.close_exchange(); }
  };

  void start(Work work);
  [[noreturn]] void diverged(std::span<const float> v) const;
  void refuse(Received& received, const base::Refusal& refusal);
  bool is_done(Work work) const { return !running_[static_cast<std::size_t>(work)]; }
  bool is_idle() const { return !running_[0] && !running_[1]; }
  void rethrow_failure();
  Payload encode(std::span<const float> v, base::Phase phase, compression::State& state);
  void open_exchange(std::span<const Payload> payloads, float contraction, base::Phase phase);
  bool has_come(const Neighbour& neighbour) const;
  bool is_complete() const;
  bool keeps_up(base::PeerId peer) const;
  Inbox close_exchange();
  void suspend(std::coroutine_handle<> handle, std::optional<Work> work);
  void wake();
  const topology::Neighbourhood& surroundings(base::Round round);
  void refresh_recipients();
  bool is_sender(base::PeerId peer, base::Round round);
  bool is_recipient(base::PeerId peer, base::Round round);
  void tell_silent_ones(const topology::Neighbourhood& hood);
  std::size_t degree(std::span<const base::PeerId> peers) const;
  bool takes_part(const Neighbour& neighbour) const;
  double weight_of_arc(std::size_t place, const Announcement& announcement) const;
  Neighbour* find(base::PeerId peer);
  const Neighbour* find(base::PeerId peer) const;
  base::RandomKey key_of(base::PeerId peer, base::Phase phase) const;

  // Constant after construction.
  NodeParts parts_;

  // The model, lent to a worker while work is running.
  std::span<float> x_;  // in a buffer of models_
  std::vector<float> gradient_;
  learning::Evaluation evaluation_;
  double loss_ = 0;
  std::exception_ptr work_failure_;
  Duration work_time_{};

  // Loop thread only.
  base::Round round_{};
  std::vector<Neighbour> all_;         // ascending; everybody that some round brings together with this node
  std::array<Surroundings, 2> known_;  // of this round, and of the last other that a message came from
  std::vector<base::PeerId> recipients_;
  std::vector<Received> inbox_;
  std::optional<ExchangeId> exchange_;
  Announcement announced_;            // in the last exchange, open or closed
  std::size_t in_degree_ = 0;         // of the last exchange
  std::optional<ExchangeId> closed_;  // the last that has ended
  Duration suspended_at_{};
  bool running_[2] = {false, false};
  std::coroutine_handle<> suspended_;
  std::optional<Work> suspended_for_;
  PayloadPool pool_;
  PayloadPool models_;
  Payload model_;             // owns what x_ is
  std::span<float> next_x_;   // in the buffer that models_ has given
  bool is_x_shared_ = false;  // x_ is a payload that others may hold
  std::unique_ptr<compression::State> encode_state_;
  std::unique_ptr<compression::State> decode_state_;
  Profile profile_;
};

}  // namespace parley::gossip
