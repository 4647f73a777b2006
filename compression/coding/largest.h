// The k coordinates of largest magnitude, exactly and in linear time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "compression/coding/collector.h"

namespace parley::compression {

/// Finds the k coordinates of largest magnitude, of equal ones those of smaller index. Zeros are never found, so there
/// may be fewer than k.
///
/// A guess of a magnitude that most likely lies a little below the k-th largest comes from the last call, whose vector
/// is often much like this one, or else from a random sample. One vectorised pass collects what is not below it, and
/// the exact threshold is searched among these few. A wrong guess only costs time: what is found does not depend on it.
class LargestFinder {
 public:
  /// Makes room, so that find() with these does not allocate.
  void reserve(std::size_t d, std::size_t k, const State& state);

  /// How many were found; nothing if x has a NaN or an infinity. Precondition: 1 <= k <= x.size() < 2^32. Allocates
  /// only when x or k grows. The work is shared by the threads of the state.
  std::optional<std::size_t> find(std::span<const float> x, std::size_t k, const State& state = State());

  /// The coordinates whose magnitudes are not below `least`, which is at least 1, as bits; if more than k are not, what
  /// find() finds.
  std::optional<std::size_t> find_from(std::span<const float> x, std::uint32_t least, std::size_t k,
                                       const State& state);

  /// What the last call found, in ascending order of the indices. `count` is what it returned.
  std::span<const std::uint32_t> indices(std::size_t count) const { return {indices_.data(), count}; }
  std::span<const float> values(std::size_t count) const { return {values_.data(), count}; }

 private:
  std::optional<Cutoff> settle(const Collector::Found& found, std::size_t k, std::uint32_t least, const State& state);
  std::uint32_t guess(std::span<const float> x, std::size_t sample, std::size_t rank);
  Cutoff threshold_by_radix(std::span<const float> x, std::size_t k);
  std::size_t collect_exactly(std::span<const float> x, Cutoff threshold);

  static constexpr std::size_t kBins = 2048;
  Collector collector_;
  std::vector<std::uint32_t> indices_;
  std::vector<float> values_;
  std::vector<std::uint32_t> sample_;        // magnitudes
  std::array<std::uint32_t, kBins> counts_;  // of magnitudes by one digit
  std::size_t last_d_ = 0, last_k_ = 0;      // of the last call
  std::uint32_t last_threshold_ = 0;         // and the k-th largest magnitude of its vector; 0: none
  float margin_ = 0.05f;                     // the guess is so much below it, relatively
};

}  // namespace parley::compression
