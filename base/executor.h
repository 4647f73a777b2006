// How a room shares work among threads without knowing about threads.
#pragma once

#include <cstddef>
#include <functional>

namespace parley::base {

/// Runs the tasks 0 .. count-1, each once, and returns when all are done. `lane` < width() names scratch memory that no
/// other running task uses. Work is cut into tasks by its size alone, and partial results are joined in task order, so
/// the result never depends on the width.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual std::size_t width() const = 0;
  virtual void run(std::size_t count, const std::function<void(std::size_t task, std::size_t lane)>& body) = 0;
};

/// Runs everything where it is called.
class SerialExecutor final : public Executor {
 public:
  std::size_t width() const override { return 1; }
  void run(std::size_t count, const std::function<void(std::size_t, std::size_t)>& body) override {
    for (std::size_t task = 0; task < count; ++task) body(task, 0);
  }
};

}  // namespace parley::base
