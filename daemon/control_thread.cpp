#include "daemon/control_thread.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zmq.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include "base/error.h"

namespace parley::daemon {
namespace {

Descriptor make_event() {
  Descriptor event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  PARLEY_CHECK(event);
  return event;
}

void signal(const Descriptor& event) {
  const std::uint64_t one = 1;
  PARLEY_CHECK(write(event.get(), &one, sizeof one) == static_cast<ssize_t>(sizeof one));
}

/// Asks the scheduler for short turns, which come sooner, of this thread and those that it starts. A kernel that knows
/// no such thing refuses, and nothing is lost.
void take_short_turns() {
  struct {  // sched_attr of sched_setattr(2), which the C library does not declare
    std::uint32_t size = 48, policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = getpriority(PRIO_PROCESS, 0);  // as it is
    std::uint32_t priority = 0;
    std::uint64_t runtime = 100'000;  // nanoseconds
    std::uint64_t deadline = 0, period = 0;
  } attributes;
  syscall(SYS_sched_setattr, 0, &attributes, 0u);
}

/// What was true of a peer some time ago, with the times that have only run on since.
wire::PeerStatus aged(wire::PeerStatus status, double seconds) {
  status.uptime_seconds += seconds;
  if (!status.waiting_for.empty()) status.waiting_seconds += seconds;
  for (wire::NeighbourStatus& neighbour : status.neighbours) neighbour.last_heard_seconds += seconds;  // NaN stays NaN
  return status;
}

}  // namespace

ControlThread::ControlThread(std::string endpoint, wire::PeerStatus status)
    : stop_asked_(make_event()), end_(make_event()), status_(std::move(status)), taken_(Clock::now()) {
  std::promise<void> bound;
  auto result = bound.get_future();
  thread_ = std::thread(
      [this, endpoint = std::move(endpoint), bound = std::move(bound)]() mutable { run(endpoint, std::move(bound)); });
  try {
    result.get();
  } catch (...) {
    thread_.join();
    throw;
  }
}

ControlThread::~ControlThread() {
  signal(end_);
  thread_.join();
}

void ControlThread::run(const std::string& endpoint, std::promise<void> bound) {
  take_short_turns();
  std::optional<ControlServer> server;
  try {
    server.emplace(ControlServer::Settings{.endpoint = endpoint});
  } catch (...) {
    return bound.set_exception(std::current_exception());
  }
  bound.set_value();
  for (;;) {
    zmq_pollitem_t items[] = {{server->handle(), 0, ZMQ_POLLIN, 0}, {nullptr, end_.get(), ZMQ_POLLIN, 0}};
    zmq_poll(items, 2, -1);
    if (items[1].revents != 0) return;
    // One at a time: of several, the later ones would be told what the first was told.
    server->serve([this](const wire::ControlAsk& ask) { return answer(ask); }, 1);
  }
}

wire::ControlAnswer ControlThread::answer(const wire::ControlAsk& ask) {
  if (std::holds_alternative<wire::AskStop>(ask)) {
    signal(stop_asked_);
    return wire::ControlDone{};
  }
  const std::lock_guard lock(mutex_);
  return aged(status_, std::chrono::duration<double>(Clock::now() - taken_).count());
}

void ControlThread::publish(wire::PeerStatus status) {
  const std::lock_guard lock(mutex_);
  std::swap(status_, status);  // the old one is taken apart after the lock
  taken_ = Clock::now();
}

bool ControlThread::take_stop() {
  std::uint64_t asked = 0;
  return read(stop_asked_.get(), &asked, sizeof asked) == static_cast<ssize_t>(sizeof asked);
}

}  // namespace parley::daemon
