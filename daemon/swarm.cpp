#include "daemon/swarm.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <optional>

#include "base/error.h"
#include "daemon/control_client.h"
#include "daemon/process.h"
#include "daemon/runtime_directory.h"
#include "daemon/signals.h"

namespace parley::daemon {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kLogTail = 12;
constexpr milliseconds kAnswerTimeout{500};
// A peer that waits in vain for another gives up after its drain timeout, and then writes its results.
constexpr milliseconds kTimeToWrite{5000};

/// One daemon and what is known of it.
struct Member {
  const SwarmPeer& plan;
  ChildProcess process;
  bool ended = false;
  std::optional<wire::PeerStatus> status;  // the last that it said
};

class Run {
 public:
  Run(const SwarmPlan& plan, Progress& progress) : plan_(plan), progress_(progress) {}

  SwarmOutcome operator()() {
    refuse_second_swarm();
    start();
    while (alive() > 0) {
      signals_.wait(std::chrono::ceil<milliseconds>(next_event() - Clock::now()));
      take_signals();
      reap();
      if (kill_at_ && Clock::now() >= *kill_at_) kill_all(fmt::format("not ended in time, killed: {}", names_alive()));
      if (Clock::now() >= next_poll_ && alive() > 0) poll_status();
    }
    collect();
    return std::move(outcome_);
  }

 private:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }
  std::filesystem::path directory_of(const SwarmPeer& peer) const { return plan_.run_directory / peer.name; }
  std::size_t alive() const {
    return static_cast<std::size_t>(
        std::count_if(members_.begin(), members_.end(), [](const Member& m) { return !m.ended; }));
  }
  std::string names_alive() const {
    std::string names;
    for (const Member& m : members_)
      if (!m.ended) names += (names.empty() ? "" : ", ") + m.plan.name;
    return names;
  }
  Clock::time_point next_event() const { return kill_at_ ? std::min(*kill_at_, next_poll_) : next_poll_; }

  void refuse_second_swarm() const {
    for (const SwarmPeer& peer : plan_.peers)
      if (!probe_endpoint(peer.control_endpoint, kAnswerTimeout))
        throw base::OperatorError(
            fmt::format("{} of swarm {} is already running here ({}); stop it (parley stop {}), or give this swarm "
                        "another swarm.name",
                        peer.name, plan_.swarm, peer.control_endpoint, plan_.swarm));
  }

  void start() {
    members_.reserve(plan_.peers.size());
    for (const SwarmPeer& peer : plan_.peers)
      members_.push_back({.plan = peer,
                          .process = ChildProcess(peer.arguments, directory_of(peer) / "log.txt"),
                          .status = std::nullopt});
  }

  void take_signals() {
    while (const auto signal = signals_.take()) {
      if (*signal == SIGCHLD) continue;
      if (outcome_.interrupted) {
        kill_all("killing all peers");
        continue;
      }
      outcome_.interrupted = true;
      progress_.say(fmt::format("stopping: the peers finish their round (at most {:.3g} s); once more kills them",
                                std::chrono::duration<double>(plan_.drain_timeout).count()));
      terminate_all();
    }
  }

  /// Looks who has ended. The first that failed is the one to tell of: others often fail because of it.
  void reap() {
    for (Member& m : members_) {
      if (m.ended) continue;
      const auto exit = m.process.poll();
      if (!exit) continue;
      m.ended = true;
      // A daemon that had not yet got as far as to catch SIGTERM dies of it, which is what was asked for.
      const bool as_asked = outcome_.interrupted && exit->signal == SIGTERM;
      if (!exit->clean() && !as_asked && !killed_ && outcome_.error.empty()) fail(m, *exit);
    }
  }

  void fail(const Member& m, const ExitStatus& exit) {
    const auto log = directory_of(m.plan) / "log.txt";
    outcome_.exit_code = exit.signal == 0 && (exit.code == 2 || exit.code == 3) ? exit.code : 1;
    outcome_.error = fmt::format("{} {} after {:.1f} s", m.plan.name, exit.text(), seconds());
    const auto lines = last_lines(log, kLogTail);
    outcome_.error +=
        lines.empty() ? fmt::format("; {} is empty", log.string()) : fmt::format("; the end of {}:", log.string());
    for (const std::string& line : lines) outcome_.error += "\n    " + line;
    if (alive() == 0) return;
    progress_.say(fmt::format("{} {}: stopping the others", m.plan.name, exit.text()));
    terminate_all();
  }

  void terminate_all() {
    for (Member& m : members_) m.process.terminate();
    const auto at = Clock::now() + plan_.drain_timeout + kTimeToWrite;
    kill_at_ = kill_at_ ? std::min(*kill_at_, at) : at;
  }

  void kill_all(const std::string& why) {
    progress_.say(why);
    if (outcome_.error.empty()) {
      outcome_.exit_code = 1;
      outcome_.error = why;
    }
    killed_ = true;
    kill_at_.reset();
    for (Member& m : members_) m.process.kill();
  }

  void poll_status() {
    std::vector<Member*> asked;
    std::vector<std::string> endpoints;
    for (Member& m : members_) {
      if (m.ended) continue;
      asked.push_back(&m);
      endpoints.push_back(m.plan.control_endpoint);
    }
    const auto answers = client_.ask_all(endpoints, wire::AskStatus{}, kAnswerTimeout, signals_.descriptor());
    for (std::size_t i = 0; i < asked.size(); ++i)
      if (auto status = status_in(answers[i]); status.ok()) asked[i]->status = std::move(*status);

    std::vector<wire::PeerStatus> known;
    for (const Member& m : members_)
      if (m.status) known.push_back(*m.status);
    SwarmProgress now = summarise(known, members_.size());
    now.seconds = seconds();
    progress_.show(now);
    next_poll_ = Clock::now() + plan_.poll_every;
  }

  void collect() {
    outcome_.report.config_hash = plan_.config_hash;
    outcome_.report.seconds = seconds();
    for (const Member& m : members_) {
      auto result = read_result(directory_of(m.plan) / "result.json");
      // A peer that is stopped while it still loads has no results, and nothing is wrong with that.
      if (!result.ok() && outcome_.error.empty() && !outcome_.interrupted) {
        outcome_.exit_code = 1;
        outcome_.error = fmt::format("{} ended without a result: {}", m.plan.name, result.refusal().detail);
      }
      wire::PeerStatus peer = result.ok() ? *result : m.status.value_or(wire::PeerStatus{});
      peer.name = m.plan.name;
      outcome_.report.peers.push_back(std::move(peer));
    }
    const auto& peers = outcome_.report.peers;
    const auto slowest =
        std::min_element(peers.begin(), peers.end(), [](const auto& a, const auto& b) { return a.round < b.round; });
    outcome_.report.rounds = slowest == peers.end() ? 0 : slowest->round;
  }

  const SwarmPlan& plan_;
  Progress& progress_;
  const Clock::time_point begin_ = Clock::now();
  SignalWatch signals_{SIGINT, SIGTERM, SIGHUP, SIGCHLD};
  ControlClient client_;
  std::vector<Member> members_;
  SwarmOutcome outcome_;
  Clock::time_point next_poll_ = begin_;
  std::optional<Clock::time_point> kill_at_;  // when those that were asked to end are killed
  bool killed_ = false;
};

}  // namespace

SwarmOutcome run_swarm(const SwarmPlan& plan, Progress& progress) {
  return Run(plan, progress)();
}

}  // namespace parley::daemon
