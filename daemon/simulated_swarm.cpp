#include "daemon/simulated_swarm.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/assembly.h"
#include "daemon/peer_record.h"
#include "daemon/worker_pool.h"
#include "simulation/world.h"

namespace parley::daemon {
namespace {

using simulation::PeerCore;

gossip::Duration steady_now() {
  return std::chrono::duration_cast<gossip::Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

/// Every iterate of every peer, for an outside program to check.
class Trace {
 public:
  explicit Trace(const std::filesystem::path& path) : path_(path), file_(std::fopen(path.c_str(), "w")) {
    if (!file_)
      throw base::OperatorError({.file = path.string(), .key = {}},
                                "the trace cannot be written; choose another --trace");
  }

  void write(std::uint64_t round, base::PeerId peer, std::span<const float> x) {
    line_.clear();
    fmt::format_to(std::back_inserter(line_), "{{\"round\":{},\"peer\":{},\"x\":[", round, peer.value);
    for (std::size_t i = 0; i < x.size(); ++i)
      fmt::format_to(std::back_inserter(line_), "{}{:.9g}", i == 0 ? "" : ",", x[i]);
    line_ += "]}\n";
    if (std::fwrite(line_.data(), 1, line_.size(), file_.get()) != line_.size()) {
      throw base::OperatorError({.file = path_.string(), .key = {}},
                                "the trace cannot be written on; is the disk full?");
    }
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::string line_;
};

class Recorder final : public simulation::Observer {
 public:
  Recorder(const Config& config, const SimulationOptions& options, Trace* trace) : options_(options), trace_(trace) {
    for (std::uint32_t i = 0; i < config.roster.size(); ++i) records_.emplace_back(config, base::PeerId{i});
  }

  void round_finished(base::PeerId peer, const gossip::RoundReport& report) override {
    const PeerCore& core = world->peer(peer);
    records_[peer.value].round_finished(report, core);
    if (trace_ != nullptr) trace_->write(report.round.value + 1, peer, core.node().x());
    if (options_.on_progress && steady_now() >= next_progress_) show_progress();
  }
  void note(base::PeerId, const std::string&, bool) override {}

  std::vector<wire::PeerStatus> statuses() const {
    std::vector<wire::PeerStatus> result;
    for (std::uint32_t i = 0; i < records_.size(); ++i) {
      result.push_back(records_[i].status(&world->peer(base::PeerId{i}), world->now()));
    }
    return result;
  }

  const simulation::World* world = nullptr;
  bool interrupted = false;

 private:
  static constexpr std::chrono::milliseconds kProgressEvery{250};

  void show_progress() {
    next_progress_ = steady_now() + kProgressEvery;
    interrupted = !options_.on_progress(statuses(), std::chrono::duration<double>(steady_now() - start_).count());
  }

  const SimulationOptions& options_;
  Trace* trace_;
  std::vector<PeerRecord> records_;
  gossip::Duration start_ = steady_now();
  gossip::Duration next_progress_ = start_ + kProgressEvery;
};

simulation::NetworkSettings network_of(const Config& config) {
  constexpr double kBitsPerByte = 8;
  return {.latency = config.simulation.latency,
          .bytes_per_second = config.simulation.bandwidth.value_or(0) / kBitsPerByte,
          .gradient_time = config.simulation.compute};
}

}  // namespace

SwarmReport simulate_swarm(const Config& config, const SimulationOptions& options) {
  const gossip::Duration start = steady_now();
  WorkerPool workers(config.daemon.threads);
  const SwarmGraph swarm = assemble_graph(config);
  SharedData data = open_shared_data(config);
  std::unique_ptr<Trace> trace;
  if (options.trace) trace = std::make_unique<Trace>(*options.trace);

  Recorder recorder(config, options, trace.get());
  std::vector<PeerParts> parts;
  parts.reserve(config.roster.size());
  simulation::World world(network_of(config), recorder, steady_now);
  recorder.world = &world;
  for (std::uint32_t i = 0; i < config.roster.size(); ++i) {
    // An incarnation of its own for everyone, the same in every run.
    parts.push_back(assemble_peer(config, swarm, base::PeerId{i}, base::Incarnation{i + 1}, &data, workers));
    const PeerCore& core = world.add(parts[i].settings, parts[i].ingredients(config, swarm), *parts[i].algorithm);
    if (trace) trace->write(0, base::PeerId{i}, core.node().x());
  }
  world.run(recorder.interrupted);

  SwarmReport report;
  report.config_hash = config_hash(config);
  report.seconds = std::chrono::duration<double>(steady_now() - start).count();
  report.virtual_seconds = std::chrono::duration<double>(world.now()).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  report.peers = recorder.statuses();
  for (wire::PeerStatus& status : report.peers) {
    status.uptime_seconds = *report.virtual_seconds;
    status.max_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;  // of the one process that all share
  }
  report.rounds = std::min_element(report.peers.begin(), report.peers.end(), [](const auto& a, const auto& b) {
                    return a.round < b.round;
                  })->round;
  return report;
}

}  // namespace parley::daemon
