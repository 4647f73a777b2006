// The k coordinates of largest magnitude, exactly and in linear time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

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
  void reserve(std::size_t d, std::size_t k);

  /// How many were found; nothing if x has a NaN or an infinity. Precondition: 1 <= k <= x.size() < 2^32. Allocates
  /// only when x or k grows.
  std::optional<std::size_t> find(std::span<const float> x, std::size_t k);

  /// What the last call found, in ascending order of the indices. `count` is what it returned.
  std::span<const std::uint32_t> indices(std::size_t count) const { return {indices_.data(), count}; }
  std::span<const float> values(std::size_t count) const { return {values_.data(), count}; }

 private:
  /// Kept are the coordinates whose bits without the sign exceed `magnitude`, and the first `ties` that equal it.
  struct Threshold {
    std::uint32_t magnitude = 0;
    std::size_t ties = 0;
  };

  /// What one pass over x collected.
  struct Collection {
    std::size_t count = 0;
    std::uint32_t largest = 0;  ///< of all magnitudes of x: not finite if any is not
    bool fits = true;           ///< false: there was no room for all
  };

  std::optional<Threshold> settle(const Collection& collection, std::size_t k, std::uint32_t least);
  Collection collect(std::span<const float> x, std::uint32_t least, std::size_t room);
  std::uint32_t guess(std::span<const float> x, std::size_t sample, std::size_t rank);
  Threshold threshold(std::span<const float> x, std::size_t k, std::uint32_t low, std::uint32_t high);
  Threshold threshold_by_radix(std::span<const float> x, std::size_t k);
  std::size_t filter(std::size_t from, std::size_t count, std::size_t to, Threshold& threshold);
  std::size_t collect_exactly(std::span<const float> x, Threshold threshold);

  static constexpr std::size_t kBins = 2048;
  std::vector<std::uint32_t> indices_;
  std::vector<float> values_;
  std::vector<float> sample_;
  std::array<std::uint32_t, kBins> counts_;  // of magnitudes by their leading bits
  std::vector<std::uint32_t> members_;       // magnitudes of one bin
  std::size_t last_d_ = 0, last_k_ = 0;      // of the last call
  std::uint32_t last_threshold_ = 0;         // and the k-th largest magnitude of its vector; 0: none
  float margin_ = 0.05f;                     // the guess is so much below it, relatively
};

}  // namespace parley::compression
