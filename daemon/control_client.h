// Asks running peers over their control sockets.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "wire/control.h"

namespace parley::daemon {

/// Used by one thread. Reasons of refusal: "no_daemon" (nothing listens), "forbidden" (it is another user's),
/// "no_answer" (nothing came within the timeout), "refused" (the daemon's own reason), or one of wire::decode_reply.
/// The detail is a whole sentence that names the endpoint.
class ControlClient {
 public:
  ControlClient();
  ~ControlClient();
  ControlClient(const ControlClient&) = delete;
  ControlClient& operator=(const ControlClient&) = delete;

  /// Throws base::OperatorError for what is no endpoint; endpoints are as probe_endpoint() takes them.
  base::Result<wire::ControlAnswer> ask(const std::string& endpoint, const wire::ControlAsk& question,
                                        std::chrono::milliseconds timeout);

  /// Asks all at once; one result per endpoint, in their order. Gives up on those that have not answered when the
  /// timeout is over, or when the descriptor `interrupt` becomes readable (negative: none).
  std::vector<base::Result<wire::ControlAnswer>> ask_all(std::span<const std::string> endpoints,
                                                         const wire::ControlAsk& question,
                                                         std::chrono::milliseconds timeout, int interrupt = -1);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The status in an answer to AskStatus; "bad_reply" if it is something else.
base::Result<wire::PeerStatus> status_in(const base::Result<wire::ControlAnswer>& answer);

}  // namespace parley::daemon
