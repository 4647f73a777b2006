#include "gossip/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace parley::gossip {
namespace {

/// Suspends its awaiter until open() is called.
struct Gate {
  std::coroutine_handle<> waiting;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }
  void await_resume() const {}
  void open() { std::exchange(waiting, nullptr).resume(); }
};

TEST(Task, DoesNothingBeforeItIsStarted) {
  bool ran = false;
  const auto make = [](bool& flag) -> Task<> {
    flag = true;
    co_return;
  };
  Task<> task = make(ran);
  EXPECT_FALSE(ran);
  task.start();
  EXPECT_TRUE(ran);
  EXPECT_TRUE(task.done());
}

Task<int> after(Gate& gate, int value) {
  co_await gate;
  co_return value;
}

Task<> sum_of_two(Gate& gate, int& sum) {
  sum = co_await after(gate, 1);
  sum += co_await after(gate, 2);
}

TEST(Task, ResumesWhoeverAwaitsIt) {
  Gate gate;
  int sum = 0;
  Task<> task = sum_of_two(gate, sum);
  task.start();
  gate.open();
  EXPECT_EQ(sum, 1);
  EXPECT_FALSE(task.done());
  gate.open();
  EXPECT_EQ(sum, 3);
  EXPECT_TRUE(task.done());
}

Task<> fails(Gate& gate) {
  co_await gate;
  throw std::runtime_error("as planned");
}

Task<> catches(Gate& gate, std::string& what) {
  try {
    co_await fails(gate);
  } catch (const std::runtime_error& error) {
    what = error.what();
  }
}

TEST(Task, ExceptionsReachTheAwaiterAndTheOutermostCaller) {
  Gate gate;
  std::string what;
  Task<> caught = catches(gate, what);
  caught.start();
  gate.open();
  EXPECT_EQ(what, "as planned");
  EXPECT_NO_THROW(caught.rethrow());

  Task<> uncaught = fails(gate);
  uncaught.start();
  gate.open();
  ASSERT_TRUE(uncaught.done());
  EXPECT_THROW(uncaught.rethrow(), std::runtime_error);
}

Task<> holds(Gate& gate, std::shared_ptr<int> value) {
  co_await gate;
  *value += 1;
}

TEST(Task, DestroyingASuspendedTaskDestroysWhatItHolds) {
  Gate gate;
  auto value = std::make_shared<int>(0);
  {
    Task<> task = holds(gate, value);
    task.start();
    EXPECT_EQ(value.use_count(), 2);
  }
  EXPECT_EQ(value.use_count(), 1);
  EXPECT_EQ(*value, 0);
}

Task<> ready() {
  co_return;
}

Task<> loops(int n) {
  for (int i = 0; i < n; ++i) co_await ready();
}

TEST(Task, AwaitingManyFinishedTasksDoesNotGrowTheStack) {
  Task<> task = loops(1'000'000);
  task.start();
  EXPECT_TRUE(task.done());
}

}  // namespace
}  // namespace parley::gossip
