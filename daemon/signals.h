// Signals as something to poll: no handlers, nothing happens between two lines of code.
#pragma once

#include <chrono>
#include <csignal>
#include <initializer_list>
#include <optional>

#include "daemon/descriptor.h"

namespace parley::daemon {

/// Blocks signals in the calling thread (and in those that it starts from then on) and collects them. The destructor
/// restores the mask. To be made before other threads that should not be interrupted.
class SignalWatch {
 public:
  explicit SignalWatch(std::initializer_list<int> signals);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// Readable while a signal waits.
  int descriptor() const { return descriptor_.get(); }
  /// The next signal that has come, or nothing. Never blocks.
  std::optional<int> take();
  /// Blocks until a signal waits or the time is over.
  void wait(std::chrono::milliseconds timeout) const;

 private:
  sigset_t before_{};
  Descriptor descriptor_;
};

}  // namespace parley::daemon
