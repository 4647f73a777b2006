#include "compression/coding/largest.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "base/random.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/select.h"

namespace parley::compression {
namespace {

constexpr std::size_t kChunk = 4096;
constexpr std::size_t kPadding = 16;  // what the kernel may write past what it found
/// How far below the last threshold the guess lies follows from how it went: closer after a call that collected many
/// more than k, farther after one that collected too few.
constexpr double kManyMore = 1.15;
constexpr float kCloser = 0.75f, kFarther = 3, kClosest = 1e-3f, kFarthest = 0.3f;

std::uint32_t magnitude_of(float value) {
  return std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFu;
}

/// How many coordinates are looked at for the guess, and which of them, counted from the largest, is the guess.
struct Sampling {
  std::size_t size, rank;

  Sampling(std::size_t d, std::size_t k) {
    size = std::clamp<std::size_t>(d / 32, 256, 16384);
    // The number of the k largest in the sample is nearly Poisson: four of its deviations above the mean are safe.
    const double mean = static_cast<double>(k) * static_cast<double>(size) / static_cast<double>(d);
    rank = static_cast<std::size_t>(mean + 4 * std::sqrt(mean) + 4);
  }

  /// Whether a guess is not worth it.
  bool all(std::size_t d) const { return d <= kChunk / 4 || rank >= size; }

  /// For how many coordinates there must be room: twice those above k that are expected not to be below the guess.
  std::size_t room(std::size_t d, std::size_t k) const {
    const auto above =
        static_cast<std::size_t>(static_cast<double>(rank) / static_cast<double>(size) * static_cast<double>(d));
    const std::size_t expected = all(d) ? d : std::max(k, std::min(d, above));
    return std::min(d, expected + (expected - k) + kChunk) + kChunk;
  }
};

}  // namespace

void LargestFinder::reserve(std::size_t d, std::size_t k, const State& state) {
  const Sampling sampling(d, k);
  collector_.reserve(d, sampling.room(d, k), state);
  if (const std::size_t most = k + kChunk + kPadding; indices_.size() < most) {
    indices_.resize(most);
    values_.resize(most);
  }
  if (sample_.size() < sampling.size) sample_.resize(sampling.size);
}

std::optional<std::size_t> LargestFinder::find(std::span<const float> x, std::size_t k, const State& state) {
  const Sampling sampling(x.size(), k);
  const bool all = sampling.all(x.size());
  const std::size_t room = sampling.room(x.size(), k);
  reserve(x.size(), k, state);
  const bool like_last = !all && last_threshold_ > 0 && last_d_ == x.size() && last_k_ == k;
  last_d_ = x.size(), last_k_ = k;

  std::optional<Cutoff> exact;
  if (like_last) {
    const float below = (1 - margin_) * std::bit_cast<float>(last_threshold_);
    const std::uint32_t least = std::max(magnitude_of(below), 1u);
    const Collector::Found found = collector_.collect(x, least, room, state);
    if (found.largest >= kernels::kInfinityBits) return std::nullopt;
    exact = settle(found, k, least, state);
    if (found.count < k)
      margin_ = std::min(kFarther * margin_, kFarthest);
    else if (static_cast<double>(found.count) > kManyMore * static_cast<double>(k))
      margin_ = std::max(kCloser * margin_, kClosest);
  }
  if (!exact) {
    const std::uint32_t least = all ? 1 : std::max(guess(x, sampling.size, sampling.rank), 1u);
    const Collector::Found found = collector_.collect(x, least, room, state);
    if (found.largest >= kernels::kInfinityBits) return std::nullopt;
    exact = settle(found, k, least, state);
  }
  if (!exact) {
    exact = threshold_by_radix(x, k);
    last_threshold_ = exact->magnitude;
    return collect_exactly(x, *exact);
  }
  last_threshold_ = exact->magnitude;
  return collector_.place(*exact, state, indices_.data(), values_.data());
}

std::optional<std::size_t> LargestFinder::find_from(std::span<const float> x, std::uint32_t least, std::size_t k,
                                                    const State& state) {
  reserve(x.size(), k, state);
  const Collector::Found found = collector_.collect(x, least, k, state);
  if (found.largest >= kernels::kInfinityBits) return std::nullopt;
  if (!found.fits) return find(x, k, state);
  return collector_.place(Cutoff{}, state, indices_.data(), values_.data());
}

/// The threshold if the collector has everything that is above or at it.
std::optional<Cutoff> LargestFinder::settle(const Collector::Found& found, std::size_t k, std::uint32_t least,
                                            const State& state) {
  if (!found.fits) return std::nullopt;
  if (found.count >= k) return collector_.threshold(k, least, found.largest, state);
  if (least > 1) return std::nullopt;
  return Cutoff{};  // these are all that are not zero
}

/// The rank-th largest magnitude of a random sample, with replacement.
std::uint32_t LargestFinder::guess(std::span<const float> x, std::size_t sample, std::size_t rank) {
  // Always the same places: what is found does not depend on them.
  const base::PhiloxInput key = base::philox_input({.stream = base::Stream::compression});
  std::array<std::uint32_t, kernels::kGroup> words;
  for (std::size_t i = 0; i < sample; ++i) {
    if (i % words.size() == 0)
      kernels::random_words(key, static_cast<std::uint32_t>(i / words.size()) * kernels::kBlocksPerGroup, 1,
                            words.data());
    const std::uint64_t place = (std::uint64_t{words[i % words.size()]} * x.size()) >> 32;
    sample_[i] = magnitude_of(x[static_cast<std::size_t>(place)]);
  }
  const auto nth = sample_.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(sample_.begin(), nth, sample_.begin() + static_cast<std::ptrdiff_t>(sample), std::greater<>());
  return *nth;
}

/// Three passes over the 31 bits of the magnitudes, most significant digit first, in any case.
Cutoff LargestFinder::threshold_by_radix(std::span<const float> x, std::size_t k) {
  struct Digit {
    unsigned shift, width;
  };
  constexpr Digit kDigits[] = {{20, 11}, {10, 10}, {0, 10}};
  std::uint32_t found = 0;    // the digits of the k-th largest magnitude so far
  std::uint32_t decided = 0;  // a mask of those digits
  std::size_t wanted = k;     // of the coordinates that share them, the wanted-th largest is searched
  for (const auto& [shift, width] : kDigits) {
    const std::uint32_t digit_mask = (std::uint32_t{1} << width) - 1;
    std::fill_n(counts_.begin(), digit_mask + 1, 0u);
    for (const float value : x) {
      const std::uint32_t magnitude = magnitude_of(value);
      if ((magnitude & decided) == found) ++counts_[(magnitude >> shift) & digit_mask];
    }
    std::uint32_t digit = digit_mask;
    for (; counts_[digit] < wanted; --digit) wanted -= counts_[digit];
    found |= digit << shift;
    decided |= digit_mask << shift;
  }
  return found == 0 ? Cutoff{} : Cutoff{found, wanted};
}

std::size_t LargestFinder::collect_exactly(std::span<const float> x, Cutoff threshold) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < x.size(); i += kChunk) {
    const auto chunk =
        kernels::collect_at_least(x.data() + i, std::min(kChunk, x.size() - i), std::max(threshold.magnitude, 1u),
                                  static_cast<std::uint32_t>(i), indices_.data() + found, values_.data() + found);
    for (std::size_t j = found, end = found + chunk.count; j < end; ++j) {
      const bool tie = magnitude_of(values_[j]) == threshold.magnitude;
      if (tie && threshold.ties == 0) continue;
      threshold.ties -= tie ? 1 : 0;
      indices_[found] = indices_[j];
      values_[found++] = values_[j];
    }
  }
  return found;
}

}  // namespace parley::compression
