// The daemon's end of the control protocol: a ROUTER socket. ControlThread polls it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "wire/control.h"

namespace parley::daemon {

/// Used by one thread at a time. Whoever may open the socket may stop the peer: an ipc socket is of mode
/// 0600; a TCP one is bound to loopback only and trusts every user of the machine.
class ControlServer {
 public:
  struct Settings {
    std::string endpoint;  ///< "ipc:///path/of.sock" or "tcp://127.0.0.1:PORT"; port "*" takes a free one
  };
  struct Statistics {
    std::uint64_t answered = 0;                         ///< requests that were read and got an answer of any kind
    std::uint64_t dropped = 0;                          ///< answers whose client took no more
    std::map<std::string_view, std::uint64_t> refused;  ///< requests that could not be read, by reason
  };
  /// Answers a question. A status that it gave is given again to all others who ask in the same call of serve().
  using Answer = std::function<wire::ControlAnswer(const wire::ControlAsk&)>;

  /// Binds. The file that a dead daemon left behind is replaced. Throws base::OperatorError if a living one listens
  /// there, if the directory is missing or not writable, or for a TCP endpoint beyond loopback.
  explicit ControlServer(const Settings& settings);
  /// Removes the socket's file. Answers still on their way get a moment to leave. Since clients take a vanished socket
  /// for a vanished daemon, this should be among the last things that a daemon does.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// The endpoint as bound, with the port that was taken.
  const std::string& endpoint() const;

  /// For zmq_poll, level-triggered.
  void* handle() const;

  /// Answers what has arrived, without blocking, but not more than `limit` requests: what remains waits for the next
  /// call, so that a flood cannot keep the caller from being told to end. Returns how many requests were dealt with.
  std::size_t serve(const Answer& answer, std::size_t limit = kRequestsPerTurn);
  static constexpr std::size_t kRequestsPerTurn = 8;

  const Statistics& statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::daemon
