#include "daemon/signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"

namespace parley::daemon {

SignalWatch::SignalWatch(std::initializer_list<int> signals) {
  sigset_t watched;
  sigemptyset(&watched);
  for (const int signal : signals) sigaddset(&watched, signal);
  PARLEY_CHECK(::pthread_sigmask(SIG_BLOCK, &watched, &before_) == 0);
  descriptor_ = Descriptor(::signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC));
  PARLEY_CHECK(static_cast<bool>(descriptor_), errno);
}

SignalWatch::~SignalWatch() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> SignalWatch::take() {
  signalfd_siginfo info{};
  if (::read(descriptor_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

void SignalWatch::wait(std::chrono::milliseconds timeout) const {
  pollfd wait{descriptor_.get(), POLLIN, 0};
  ::poll(&wait, 1, static_cast<int>(std::max<std::chrono::milliseconds::rep>(timeout.count(), 0)));
}

}  // namespace parley::daemon
