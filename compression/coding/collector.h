// The coordinates whose magnitudes are not below a bound, collected by several threads and then put in order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "compression/compressor.h"

namespace parley::compression {

/// What is kept: the coordinates whose bits without the sign exceed `magnitude`, and the first
/// `ties` that equal it.
struct Cutoff {
  std::uint32_t magnitude = 0;
  std::size_t ties = 0;
};

/// Every thread collects into memory of its own, piece of the vector by piece; what was collected of each piece is
/// looked up when all are done.
class Collector {
 public:
  struct Found {
    std::size_t count;
    std::uint32_t largest;  ///< of all magnitudes of x, as bits: not finite if any is not
    bool fits;              ///< false: more than there was room for, and the count means nothing
  };

  /// Makes room for collecting up to `room` of d coordinates.
  void reserve(std::size_t d, std::size_t room, const State& state);

  /// Collects the magnitudes from `least` on. `room` as reserved; `least` is at least 1.
  Found collect(std::span<const float> x, std::uint32_t least, std::size_t room, const State& state);

  /// The k-th largest of what fitted, whose magnitudes are between `low` and `high`, by their leading bits and then
  /// among the few that share those. Precondition: k is not above their count.
  Cutoff threshold(std::size_t k, std::uint32_t low, std::uint32_t high, const State& state);

  /// Moves what the threshold keeps of what fitted to `indices` and `values`, which have room for it, in ascending
  /// order of the indices, and returns how many those are.
  std::size_t place(const Cutoff& threshold, const State& state, std::uint32_t* indices, float* values);

 private:
  static constexpr std::size_t kBins = 2048;
  struct Lane {
    // Not initialised, so that memory that is never needed is never touched.
    std::unique_ptr<std::uint32_t[]> indices;
    std::unique_ptr<float[]> values;
    std::unique_ptr<std::uint32_t[]> members;  // magnitudes of one bin
    std::size_t room = 0;
    std::size_t count = 0;
    std::uint32_t largest = 0;
    std::array<std::uint32_t, kBins> counts;  // of magnitudes by their leading bits
    std::size_t member_count = 0;
  };
  /// What was collected of one piece of x.
  struct Part {
    std::uint32_t lane;
    std::size_t at, count;
    std::size_t above, ties;  // of the threshold: how many exceed it, and equal it
  };

  std::size_t lanes_for(std::size_t d, const State& state) const;
  void collect_piece(std::span<const float> x, std::size_t first, std::size_t length, std::uint32_t least,
                     std::size_t room, Lane& lane) const;

  std::size_t d_ = 0;  // of the last call
  std::vector<Lane> lanes_;
  std::vector<Part> parts_;
  std::vector<std::uint32_t> members_;  // of all lanes
};

}  // namespace parley::compression
