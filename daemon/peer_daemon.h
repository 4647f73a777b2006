// One peer as a process: a PeerCore behind sockets, workers, signals and files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "daemon/assembly.h"
#include "daemon/config.h"
#include "daemon/control_thread.h"
#include "daemon/log.h"
#include "daemon/metrics_file.h"
#include "daemon/peer_directory.h"
#include "daemon/peer_record.h"
#include "daemon/signals.h"
#include "daemon/worker_pool.h"
#include "simulation/peer_core.h"
#include "wire/zmq_transport.h"

namespace parley::daemon {

class PeerDaemon final : private simulation::Shell {
 public:
  /// Opens the run directory and the control socket, if there is to be one. Throws base::OperatorError or
  /// DirectoryUnusable. The configuration outlives the daemon; `signals` and `log` too.
  PeerDaemon(const Config& config, base::PeerId peer, const std::string& control_endpoint, SignalWatch& signals,
             Log& log);
  ~PeerDaemon() override;

  /// Loads, trains and drains; returns the exit code. Throws base::OperatorError for what only loading can find out.
  int run();

  /// What the peer is doing now.
  wire::PeerStatus status() const;

 private:
  // simulation::Shell
  void begin(gossip::Work work) override;
  void round_finished(const gossip::RoundReport& report) override;
  void note(const std::string& text, bool urgent) override;
  gossip::Duration now() const override;

  void start_loading();
  void finish_loading();
  /// What a wait was ended by.
  struct Ready {
    bool work = false, signal = false, request = false;
  };
  void turn();
  Ready wait();
  void publish();
  void serve_deferred();
  void on_worker();
  void learn_gradient_time();
  void on_signals();
  void receive();
  void stop(const std::string& why);
  bool is_drained() const;
  bool is_over() const;
  void write_results();
  void report_waiting();

  // Constant after construction.
  const Config& config_;
  const base::PeerId self_;
  SignalWatch& signals_;
  Log& log_;
  std::optional<PeerDirectory> directory_;
  gossip::Duration started_{};

  // Handed to a worker while loading, then loop thread only.
  SwarmGraph swarm_;
  std::unique_ptr<PeerParts> parts_;
  std::exception_ptr load_failure_;

  // Loop thread only.
  std::optional<ControlThread> control_;
  gossip::Duration published_{};  // when the status was told to control_ last
  bool is_published_ = true;      // and nothing has happened since
  std::unique_ptr<MetricsFile> metrics_;
  std::unique_ptr<wire::ZmqTransport> transport_;
  std::unique_ptr<simulation::PeerCore> core_;
  PeerRecord record_;
  std::optional<gossip::Work> working_;  // on a worker
  bool gradient_deferred_ = false;       // to the next turn of the loop
  gossip::Duration gradient_time_{};     // running mean
  gossip::Duration turn_began_{};
  bool stop_requested_ = false;
  bool interrupted_ = false;  // by a signal
  bool results_written_ = false;
  std::optional<gossip::Duration> drain_until_;
  std::optional<gossip::Duration> train_until_;
  gossip::Duration waiting_noted_{};

  WorkerPool workers_;  // last: its threads use what is above
};

}  // namespace parley::daemon
