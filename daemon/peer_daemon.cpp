#include "daemon/peer_daemon.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <map>
#include <utility>

#include "daemon/report.h"
#include "learning/safetensors.h"

namespace parley::daemon {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A gradient shorter than this is computed by the loop itself: handing it to a worker and back costs two wake-ups.
/// Timers of links and signals wait for it, which are a hundred times slower.
constexpr gossip::Duration kShortWork = milliseconds(2);
/// So long may a turn of the loop have been going on when it begins such a gradient; a later one waits for the sockets
/// to be looked at.
constexpr gossip::Duration kYoungTurn = milliseconds(1);
/// How old the status that the control socket tells may be.
constexpr gossip::Duration kStatusAge = milliseconds(10);
/// Frames taken from the socket per turn, so that a flood cannot starve the other sockets.
constexpr int kFramesPerTurn = 64;
/// Without anything due, the loop still turns this often.
constexpr milliseconds kIdleTurn{1000};
/// How often the log says whom the peer waits for.
constexpr seconds kWaitingNoteEvery{5};

/// A number that no earlier life of this peer has used: lives follow each other on one machine.
base::Incarnation new_incarnation() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {static_cast<std::uint64_t>(duration_cast<std::chrono::nanoseconds>(since_epoch).count())};
}

std::uint64_t max_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace

PeerDaemon::PeerDaemon(const Config& config, base::PeerId peer, const std::string& control_endpoint,
                       SignalWatch& signals, Log& log)
    : config_(config),
      self_(peer),
      signals_(signals),
      log_(log),
      record_(config, peer),
      workers_(config.daemon.threads) {
  started_ = now();
  if (!config.metrics.run_dir.empty()) {
    directory_.emplace(std::filesystem::path(config.metrics.run_dir) / config.roster[peer.value].name);
  }
  if (!control_endpoint.empty()) control_.emplace(control_endpoint, status());
}

PeerDaemon::~PeerDaemon() = default;

gossip::Duration PeerDaemon::now() const {
  return duration_cast<gossip::Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

int PeerDaemon::run() {
  start_loading();
  while (!is_over()) turn();
  if (!results_written_) write_results();
  return core_ && !core_->failure().empty() ? 1 : 0;
}

void PeerDaemon::start_loading() {
  swarm_ = assemble_graph(config_);
  workers_.begin([this] {
    try {
      parts_ = std::make_unique<PeerParts>(assemble_peer(config_, swarm_, self_, new_incarnation(), nullptr, workers_));
    } catch (...) {
      load_failure_ = std::current_exception();
    }
  });
}

void PeerDaemon::finish_loading() {
  if (load_failure_) std::rethrow_exception(load_failure_);
  const RosterEntry& me = config_.roster[self_.value];
  transport_ = std::make_unique<wire::ZmqTransport>(
      wire::ZmqTransport::Settings{.bind = me.listen, .max_payload = parts_->settings.link.max_payload});
  for (const simulation::NeighbourAddress& neighbour : parts_->settings.neighbours) {
    transport_->connect(neighbour.id, config_.roster[neighbour.id.value].address);
  }
  log_.info(fmt::format("{} parameters, {} neighbours, listening on {}", parts_->learner->layout().size(),
                        parts_->settings.neighbours.size(), transport_->endpoint()));
  core_ =
      std::make_unique<simulation::PeerCore>(parts_->settings, parts_->ingredients(config_, swarm_), *parts_->algorithm,
                                             *transport_, static_cast<simulation::Shell&>(*this));
  if (config_.swarm.max_seconds) {
    train_until_ = now() + duration_cast<gossip::Duration>(std::chrono::duration<double>(*config_.swarm.max_seconds));
  }
  core_->start(now());
  if (stop_requested_) core_->stop(now());
}

void PeerDaemon::turn() {
  const Ready ready = wait();
  turn_began_ = now();
  if (ready.signal) on_signals();
  if (ready.work && workers_.take_finished() > 0) on_worker();
  if (ready.request && control_->take_stop()) stop("asked to over the control socket");
  if (!core_) return;
  receive();
  serve_deferred();
  const auto deadline = core_->deadline();
  if (deadline && *deadline <= now()) core_->on_time(now());
  if (train_until_ && now() >= *train_until_) {
    train_until_.reset();
    // What has trained to its end goes on as it was told to, swarm.when_done = "wait" for example.
    if (core_->state() <= simulation::PeerState::training) stop("swarm.max_seconds is over");
  }
  report_waiting();
  if (core_->state() == simulation::PeerState::draining && !drain_until_)
    drain_until_ = now() + config_.daemon.drain_timeout;
  if (is_drained() && !results_written_) write_results();
}

PeerDaemon::Ready PeerDaemon::wait() {
  zmq_pollitem_t items[4] = {{nullptr, workers_.descriptor(), ZMQ_POLLIN, 0},
                             {nullptr, signals_.descriptor(), ZMQ_POLLIN, 0}};
  int count = 2;
  if (control_) items[count++] = {nullptr, control_->descriptor(), ZMQ_POLLIN, 0};
  if (transport_) items[count++] = {transport_->handle(), 0, ZMQ_POLLIN, 0};
  gossip::Duration until = now() + kIdleTurn;
  if (core_) until = std::min(until, core_->deadline().value_or(until));
  if (drain_until_ && !results_written_) until = std::min(until, *drain_until_);
  if (train_until_) until = std::min(until, *train_until_);
  if (gradient_deferred_) until = {};
  const gossip::Duration turn_is_due = until;
  publish();
  if (!is_published_) until = std::min(until, published_ + kStatusAge);
  // Rounded up: waking a little early would only spin.
  const auto timeout = std::chrono::ceil<milliseconds>(std::max(until - now(), gossip::Duration{}));
  const int ready = zmq_poll(items, count, static_cast<long>(timeout.count()));
  if (ready > 0 || now() >= turn_is_due)
    is_published_ = false;
  else
    publish();
  if (ready <= 0) return {};
  return {.work = items[0].revents != 0, .signal = items[1].revents != 0, .request = control_ && items[2].revents != 0};
}

/// Tells the control socket's thread how the peer is, if that is news and the last time is long enough ago.
void PeerDaemon::publish() {
  if (!control_ || is_published_ || now() - published_ < kStatusAge) return;
  control_->publish(status());
  published_ = now();
  is_published_ = true;
}

void PeerDaemon::receive() {
  for (int i = 0; i < kFramesPerTurn; ++i) {
    const auto frames = transport_->receive();
    if (!frames) return;
    core_->on_frames(*frames, now());
  }
}

void PeerDaemon::begin(gossip::Work work) {
  const bool is_short = gradient_time_ > gossip::Duration{} && gradient_time_ < kShortWork;
  if (work != gossip::Work::gradient || !is_short) {
    working_ = work;
    workers_.begin([this, work] { core_->perform(work); });
  } else if (now() - turn_began_ < kYoungTurn) {
    core_->perform_here(work);
    learn_gradient_time();
  } else {
    gradient_deferred_ = true;
  }
}

/// A peer that waits for nobody would compute one short gradient after the other and never see its sockets; so some
/// begin here, after the sockets had their turn.
void PeerDaemon::serve_deferred() {
  if (!std::exchange(gradient_deferred_, false)) return;
  core_->perform(gossip::Work::gradient);
  learn_gradient_time();
  core_->completed(gossip::Work::gradient, now());
}

void PeerDaemon::learn_gradient_time() {
  const gossip::Duration took = core_->node().last_work_time();
  gradient_time_ = gradient_time_ == gossip::Duration{} ? took : gradient_time_ + (took - gradient_time_) / 8;
}

void PeerDaemon::on_worker() {
  if (!core_) return finish_loading();
  const gossip::Work work = *std::exchange(working_, std::nullopt);
  if (work == gossip::Work::gradient) learn_gradient_time();
  core_->completed(work, now());
}

void PeerDaemon::on_signals() {
  while (signals_.take()) {
    if (interrupted_) {
      log_.warn("interrupted again: exiting at once");
      _exit(1);
    }
    interrupted_ = true;
    if (stop_requested_) log_.info("interrupted while stopping; once more ends it at once");
    stop("interrupted");
  }
}

void PeerDaemon::stop(const std::string& why) {
  if (stop_requested_) return;
  log_.info(fmt::format("stopping after this round: {}", why));
  stop_requested_ = true;
  drain_until_ = now() + config_.daemon.drain_timeout;
  if (core_) core_->stop(now());
}

bool PeerDaemon::is_drained() const {
  if (!core_) return stop_requested_;
  if (core_->state() == simulation::PeerState::done || core_->state() == simulation::PeerState::failed) return true;
  return drain_until_ && now() >= *drain_until_;
}

bool PeerDaemon::is_over() const {
  const bool failed = core_ && !core_->failure().empty();
  return is_drained() && (stop_requested_ || failed || config_.swarm.when_done == WhenDone::exit);
}

void PeerDaemon::round_finished(const gossip::RoundReport& report) {
  record_.round_finished(report, *core_);
  if (directory_ && !metrics_) {
    directory_->set_aside();  // what an earlier run left, only now that there is something to put in its place
    metrics_ = std::make_unique<MetricsFile>(directory_->metrics(), config_.metrics.every);
  }
  if (metrics_) metrics_->write(report, now() - started_, core_->bytes());
  if (!report.evaluation) return;
  log_.info(fmt::format("round {}: loss {:.4f}, test accuracy {:.4f}, consensus distance {:.4g}", record_.rounds_done(),
                        report.evaluation->train_loss, report.evaluation->test_accuracy, report.consensus_distance));
}

wire::PeerStatus PeerDaemon::status() const {
  wire::PeerStatus status = record_.status(core_.get(), now());
  status.pid = static_cast<std::uint32_t>(getpid());
  status.uptime_seconds = std::chrono::duration<double>(now() - started_).count();
  status.max_rss_bytes = max_resident_bytes();
  const auto waiting_since = core_ ? core_->node().waiting_since() : std::nullopt;
  if (waiting_since) status.waiting_seconds = std::chrono::duration<double>(now() - *waiting_since).count();
  return status;
}

void PeerDaemon::note(const std::string& text, bool urgent) {
  urgent ? log_.warn(text) : log_.info(text);
}

void PeerDaemon::report_waiting() {
  if (now() - waiting_noted_ < kWaitingNoteEvery) return;
  const bool late = core_->node().waiting_since() && now() - *core_->node().waiting_since() > kWaitingNoteEvery;
  const auto names = core_->waiting_for();
  if (names.empty() || (core_->state() == simulation::PeerState::training && !late)) return;
  if (core_->state() == simulation::PeerState::starting && now() - started_ < kWaitingNoteEvery) return;
  waiting_noted_ = now();
  log_.warn(fmt::format("round {}: waiting for {}", record_.rounds_done(), fmt::join(names, ", ")));
}

void PeerDaemon::write_results() {
  results_written_ = true;
  if (metrics_) metrics_->flush();
  if (metrics_ && !metrics_->ok()) log_.warn("metrics.jsonl could not be written to the end; is the disk full?");
  if (!core_) return;
  const bool was_training = core_->state() == simulation::PeerState::training;
  if (was_training) {
    log_.warn(fmt::format("daemon.drain_timeout is over: leaving in the middle of round {}, which waits for {}",
                          core_->node().round(), fmt::join(core_->waiting_for(), ", ")));
  }
  core_->abandon(now());
  if (core_->state() == simulation::PeerState::draining) log_.warn("leaving with messages that nobody acknowledged");
  if (!core_->failure().empty()) log_.error(core_->failure());
  // A run without a round has no results, and must not take the place of one that has.
  if (!directory_ || record_.rounds_done() == 0) return;
  std::map<std::string, std::string> metadata = {{"format", "pt"},
                                                 {"parley.swarm", config_.swarm.name},
                                                 {"parley.peer", config_.roster[self_.value].name},
                                                 {"parley.round", std::to_string(record_.rounds_done())},
                                                 {"parley.config_hash", config_hash(config_)}};
  if (was_training) metadata["parley.interrupted"] = "in the middle of the next round";
  learning::write_safetensors(directory_->model(), parts_->learner->layout(), core_->node().x(), metadata);
  write_result(directory_->result(), status());
}

}  // namespace parley::daemon
