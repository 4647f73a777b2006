// The threads that compute while the event loop stays live.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/executor.h"

namespace parley::daemon {

/// Runs jobs in the background, and shares the work of one job among all its threads. Loop and workers meet in the
/// queue, at the descriptor and in the work that run() shares; whatever else a job touches is handed over with it.
class WorkerPool final : public base::Executor {
 public:
  /// Checked: at least one thread.
  explicit WorkerPool(std::size_t threads);
  /// Waits for the job that is running; those that have not begun are dropped.
  ~WorkerPool() override;

  /// Runs the job on some worker and then makes descriptor() readable.
  void begin(std::function<void()> job);
  /// Becomes readable when a job has ended: an eventfd, for poll().
  int descriptor() const { return descriptor_; }
  /// How many jobs have ended since the last call. Never blocks.
  std::size_t take_finished();

  std::size_t width() const override { return threads_.size(); }
  /// May be called from inside a job or from the loop; the caller takes part as lane 0.
  void run(std::size_t count, const std::function<void(std::size_t, std::size_t)>& body) override;

 private:
  void work();
  void enqueue(std::function<void()> job);

  int descriptor_ = -1;
  std::vector<std::thread> threads_;
  std::mutex mutex_;  // guards queue_ and stopping_
  std::condition_variable arrived_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
};

}  // namespace parley::daemon
