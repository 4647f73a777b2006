// The control socket on a thread of its own, so that questions are answered at once whatever the event loop computes.
#pragma once

#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <thread>

#include "daemon/control_server.h"
#include "daemon/descriptor.h"
#include "wire/control.h"

namespace parley::daemon {

/// Answers from the status that the loop published last. A thread that sleeps nearly always is run at once when a
/// question comes, while a loop that is always busy waits for its turn among all that compute.
class ControlThread {
 public:
  /// Binds and serves until it goes; `status` is what it tells at first. Throws as ControlServer does.
  ControlThread(std::string endpoint, wire::PeerStatus status);
  ~ControlThread();
  ControlThread(const ControlThread&) = delete;
  ControlThread& operator=(const ControlThread&) = delete;

  /// What is told from now on, with the times in it counted on. From the loop's thread; waits for nobody but a copy.
  void publish(wire::PeerStatus status);
  /// Becomes readable when somebody asks the peer to stop: an eventfd, for poll().
  int descriptor() const { return stop_asked_.get(); }
  /// True once for any number of such requests. Never blocks.
  bool take_stop();

 private:
  using Clock = std::chrono::steady_clock;

  void run(const std::string& endpoint, std::promise<void> bound);
  wire::ControlAnswer answer(const wire::ControlAsk& ask);

  Descriptor stop_asked_, end_;
  std::mutex mutex_;  // guards status_ and taken_
  wire::PeerStatus status_;
  Clock::time_point taken_;
  std::thread thread_;  // last: uses what is above
};

}  // namespace parley::daemon
