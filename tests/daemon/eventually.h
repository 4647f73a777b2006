// Waiting for what another thread or process does, without guessing how long it takes.
#pragma once

#include <chrono>
#include <thread>

namespace parley::daemon {

/// True as soon as the condition is; false if it still is not after a time that only a hang takes.
template <class Condition>
bool eventually(Condition&& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace parley::daemon
