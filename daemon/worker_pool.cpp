#include "daemon/worker_pool.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

#include "base/error.h"

namespace parley::daemon {
namespace {

/// Tasks that several threads take from one counter. A helper that starts after the last task was taken finds nothing
/// to do, so nobody has to wait for helpers that never started.
struct Batch {
  explicit Batch(std::size_t n) : count(n) {}

  void take_part(std::size_t lane, const std::function<void(std::size_t, std::size_t)>& body) {
    try {
      for (std::size_t task = next.fetch_add(1); task < count; task = next.fetch_add(1)) body(task, lane);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next.store(count);
    }
  }

  const std::size_t count;
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> lanes{1};  // lane 0 is the caller's
  std::mutex mutex;                   // guards active, closed and failure
  std::condition_variable idle;
  std::size_t active = 0;
  bool closed = false;
  std::exception_ptr failure;
};

}  // namespace

WorkerPool::WorkerPool(std::size_t threads) : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  PARLEY_CHECK(threads > 0);
  PARLEY_CHECK(descriptor_ >= 0);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  arrived_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  close(descriptor_);
}

void WorkerPool::work() {
  // Of two threads that could run, the event loop is the one that somebody waits for.
  constexpr int kNicer = 5;
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNicer);
  for (;;) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    const std::function<void()> job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job();
  }
}

void WorkerPool::enqueue(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
  }
  arrived_.notify_one();
}

void WorkerPool::begin(std::function<void()> job) {
  enqueue([this, job = std::move(job)] {
    job();
    const std::uint64_t one = 1;
    PARLEY_CHECK(write(descriptor_, &one, sizeof one) == static_cast<ssize_t>(sizeof one));
  });
}

std::size_t WorkerPool::take_finished() {
  std::uint64_t finished = 0;
  const ssize_t got = read(descriptor_, &finished, sizeof finished);
  return got == static_cast<ssize_t>(sizeof finished) ? static_cast<std::size_t>(finished) : 0;
}

void WorkerPool::run(std::size_t count, const std::function<void(std::size_t, std::size_t)>& body) {
  if (count <= 1 || width() == 1) {
    for (std::size_t task = 0; task < count; ++task) body(task, 0);
    return;
  }
  auto batch = std::make_shared<Batch>(count);
  for (std::size_t helper = 1; helper < std::min(width(), count); ++helper) {
    enqueue([batch, &body] {
      {
        const std::lock_guard lock(batch->mutex);
        if (batch->closed) return;  // the caller, and body with it, may be gone
        ++batch->active;
      }
      batch->take_part(batch->lanes.fetch_add(1), body);
      const std::lock_guard lock(batch->mutex);
      if (--batch->active == 0) batch->idle.notify_all();
    });
  }
  batch->take_part(0, body);
  std::unique_lock lock(batch->mutex);
  batch->closed = true;
  batch->idle.wait(lock, [&] { return batch->active == 0; });
  if (batch->failure) std::rethrow_exception(batch->failure);
}

}  // namespace parley::daemon
