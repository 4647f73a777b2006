// How an operator shares the coding of a large vector among the threads of its state's executor.
//
// The work is cut into tasks by the operator and the length of the vector alone. A task writes to memory of its own,
// and what several tasks find is joined in the order of the tasks, so that nothing depends on how many threads there
// are.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "compression/compressor.h"

namespace parley::compression {

/// Vectors of fewer floats are coded by whoever calls: waking a thread takes as long as coding some ten thousand.
inline constexpr std::size_t kWorthSharing = std::size_t{1} << 18;

/// Coordinates of a task, more or less: few enough that threads end at about the same time.
inline constexpr std::size_t kPiece = std::size_t{1} << 16;

/// Calls body(task, lane) for the tasks 0 .. count - 1 of coding `floats` floats, each once and in any order. Running
/// tasks have different lanes, which are below lanes_of(state); the caller's is 0.
template <class Body>
void for_each_task(const State& state, std::size_t floats, std::size_t count, const Body& body) {
  if (state.executor() == nullptr || floats < kWorthSharing) {
    for (std::size_t task = 0; task < count; ++task) body(task, std::size_t{0});
    return;
  }
  // Holds nothing but a reference, for which std::function does not allocate.
  state.executor()->run(count, [&body](std::size_t task, std::size_t lane) { body(task, lane); });
}

inline std::size_t lanes_of(const State& state) {
  return state.executor() == nullptr ? 1 : std::max<std::size_t>(1, state.executor()->width());
}

/// True if all bodies return true. After one that does not, others may be left out.
template <class Body>
bool all_of_tasks(const State& state, std::size_t floats, std::size_t count, const Body& body) {
  std::atomic<bool> good{true};
  for_each_task(state, floats, count, [&](std::size_t task, std::size_t lane) {
    if (good.load(std::memory_order_relaxed) && !body(task, lane)) good.store(false, std::memory_order_relaxed);
  });
  return good.load(std::memory_order_relaxed);
}

/// What check(task) refuses first, in the order of the tasks.
template <class Check>
base::Result<void> first_refusal(const State& state, std::size_t floats, std::size_t count, const Check& check) {
  if (all_of_tasks(state, floats, count, [&](std::size_t task, std::size_t) { return check(task).ok(); })) return {};
  // Another thread may have found a later one: once more, in order. Only what is wrong takes so long.
  for (std::size_t task = 0; task < count; ++task) {
    if (auto checked = check(task); !checked) return checked;
  }
  return {};
}

/// A vector cut into pieces of about kPiece coordinates, which begin at multiples of `unit`.
class Pieces {
 public:
  Pieces(std::size_t d, std::size_t unit) : d_(d), length_(std::max<std::size_t>(1, kPiece / unit) * unit) {}

  std::size_t count() const { return (d_ + length_ - 1) / length_; }
  std::size_t first(std::size_t piece) const { return piece * length_; }
  std::size_t size(std::size_t piece) const { return std::min(length_, d_ - first(piece)); }

 private:
  std::size_t d_, length_;
};

/// Calls body(first, length, lane) for every piece of d coordinates.
template <class Body>
void for_each_piece(const State& state, std::size_t d, std::size_t unit, const Body& body) {
  const Pieces pieces(d, unit);
  for_each_task(state, d, pieces.count(),
                [&](std::size_t piece, std::size_t lane) { body(pieces.first(piece), pieces.size(piece), lane); });
}

/// True if body(first, length, lane) is for every piece.
template <class Body>
bool all_of_pieces(const State& state, std::size_t d, std::size_t unit, const Body& body) {
  const Pieces pieces(d, unit);
  return all_of_tasks(state, d, pieces.count(), [&](std::size_t piece, std::size_t lane) {
    return body(pieces.first(piece), pieces.size(piece), lane);
  });
}

/// What check(first, length) refuses first, in the order of the pieces.
template <class Check>
base::Result<void> first_refusal_of_pieces(const State& state, std::size_t d, std::size_t unit, const Check& check) {
  const Pieces pieces(d, unit);
  return first_refusal(state, d, pieces.count(),
                       [&](std::size_t piece) { return check(pieces.first(piece), pieces.size(piece)); });
}

/// The largest number that body(first, length) returns; 0 without pieces.
template <class Body>
std::uint32_t largest_of_pieces(const State& state, std::size_t d, std::size_t unit, const Body& body) {
  std::atomic<std::uint32_t> largest{0};
  for_each_piece(state, d, unit, [&](std::size_t first, std::size_t length, std::size_t) {
    const std::uint32_t here = body(first, length);
    std::uint32_t known = largest.load(std::memory_order_relaxed);
    while (known < here && !largest.compare_exchange_weak(known, here, std::memory_order_relaxed)) {
    }
  });
  return largest.load(std::memory_order_relaxed);
}

/// A state that has scratch memory for every lane and nothing else.
template <class Scratch>
class LanesState : public State {
 public:
  /// `make` makes the scratch memory of a lane.
  explicit LanesState(std::function<std::unique_ptr<Scratch>()> make) : make_(std::move(make)) { add_lanes(1); }

  void share_with(base::Executor& executor) final {
    State::share_with(executor);
    add_lanes(lanes_of(*this));
  }

  Scratch& scratch(std::size_t lane) { return *scratch_[lane]; }

 private:
  void add_lanes(std::size_t count) {
    while (scratch_.size() < count) scratch_.push_back(make_());
  }

  std::function<std::unique_ptr<Scratch>()> make_;
  std::vector<std::unique_ptr<Scratch>> scratch_;
};

}  // namespace parley::compression
