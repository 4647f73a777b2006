// Executors of any width, as the tests of shared work need them.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "base/executor.h"

namespace parley::compression::test {

/// Threads of its own for every call, which take the tasks as they come.
class Threads final : public base::Executor {
 public:
  explicit Threads(std::size_t width) : width_(width) {}
  std::size_t width() const override { return width_; }
  void run(std::size_t count, const std::function<void(std::size_t, std::size_t)>& body) override {
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> threads;
    for (std::size_t lane = 0; lane < width_; ++lane) {
      threads.emplace_back([&, lane] {
        for (std::size_t task = next++; task < count; task = next++) body(task, lane);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

 private:
  std::size_t width_;
};

/// Runs everything where it is called, from the last task to the first, on lanes in turn. Allocates nothing.
class Backwards final : public base::Executor {
 public:
  explicit Backwards(std::size_t width) : width_(width) {}
  std::size_t width() const override { return width_; }
  void run(std::size_t count, const std::function<void(std::size_t, std::size_t)>& body) override {
    if (count > 1) ++calls;
    for (std::size_t task = count; task-- > 0;) body(task, task % width_);
  }

  std::size_t calls = 0;  ///< with more than one task

 private:
  std::size_t width_;
};

}  // namespace parley::compression::test
