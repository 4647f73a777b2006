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

void LargestFinder::reserve(std::size_t d, std::size_t k) {
  const std::size_t room = Sampling(d, k).room(d, k) + kPadding;
  if (indices_.size() < room) {
    indices_.resize(room);
    values_.resize(room);
  }
  if (sample_.size() < Sampling(d, k).size) sample_.resize(Sampling(d, k).size);
  if (const std::size_t most = std::max(room, Sampling(d, k).size); members_.size() < most) members_.resize(most);
}

std::optional<std::size_t> LargestFinder::find(std::span<const float> x, std::size_t k) {
  const Sampling sampling(x.size(), k);
  const bool all = sampling.all(x.size());
  const std::size_t room = sampling.room(x.size(), k);
  reserve(x.size(), k);
  const bool like_last = !all && last_threshold_ > 0 && last_d_ == x.size() && last_k_ == k;
  last_d_ = x.size(), last_k_ = k;

  Collection found;
  std::optional<Threshold> exact;
  if (like_last) {
    const float below = (1 - margin_) * std::bit_cast<float>(last_threshold_);
    const std::uint32_t least = std::max(magnitude_of(below), 1u);
    found = collect(x, least, room);
    if (found.largest >= kernels::kInfinityBits) return std::nullopt;
    exact = settle(found, k, least);
    if (found.count < k)
      margin_ = std::min(kFarther * margin_, kFarthest);
    else if (static_cast<double>(found.count) > kManyMore * static_cast<double>(k))
      margin_ = std::max(kCloser * margin_, kClosest);
  }
  if (!exact) {
    const std::uint32_t least = all ? 1 : std::max(guess(x, sampling.size, sampling.rank), 1u);
    found = collect(x, least, room);
    if (found.largest >= kernels::kInfinityBits) return std::nullopt;
    exact = settle(found, k, least);
  }
  if (!exact) {
    exact = threshold_by_radix(x, k);
    last_threshold_ = exact->magnitude;
    return collect_exactly(x, *exact);
  }
  last_threshold_ = exact->magnitude;
  return filter(0, found.count, 0, *exact);
}

/// The threshold if the collection has everything that is above or at it.
std::optional<LargestFinder::Threshold> LargestFinder::settle(const Collection& collection, std::size_t k,
                                                              std::uint32_t least) {
  if (!collection.fits) return std::nullopt;
  if (collection.count >= k) return threshold({values_.data(), collection.count}, k, least, collection.largest);
  if (least > 1) return std::nullopt;
  return Threshold{};  // these are all that are not zero
}

LargestFinder::Collection LargestFinder::collect(std::span<const float> x, std::uint32_t least, std::size_t room) {
  Collection result;
  for (std::size_t i = 0; i < x.size(); i += kChunk) {
    const std::size_t n = std::min(kChunk, x.size() - i);
    result.fits = result.fits && result.count + n <= room;
    if (!result.fits) {
      if (!kernels::all_finite(x.data() + i, n)) result.largest = kernels::kInfinityBits;
      continue;
    }
    const auto chunk = kernels::collect_at_least(x.data() + i, n, least, static_cast<std::uint32_t>(i),
                                                 indices_.data() + result.count, values_.data() + result.count);
    result.largest = std::max(result.largest, chunk.largest_bits);
    result.count += chunk.count;
  }
  return result;
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
    sample_[i] = x[static_cast<std::size_t>((std::uint64_t{words[i % words.size()]} * x.size()) >> 32)];
  }
  const auto largest = std::max_element(sample_.begin(), sample_.begin() + static_cast<std::ptrdiff_t>(sample),
                                        [](float a, float b) { return magnitude_of(a) < magnitude_of(b); });
  return threshold({sample_.data(), sample}, rank, 0, magnitude_of(*largest)).magnitude;
}

/// Counts magnitudes by their leading bits between `low` and `high`, which all lie within, and searches the k-th
/// largest among the few that share its bin.
LargestFinder::Threshold LargestFinder::threshold(std::span<const float> x, std::size_t k, std::uint32_t low,
                                                  std::uint32_t high) {
  const int shift =
      std::max(0, static_cast<int>(std::bit_width(high - low)) - static_cast<int>(std::bit_width(kBins - 1)));
  counts_.fill(0);
  for (const float value : x) ++counts_[(magnitude_of(value) - low) >> shift];
  std::size_t wanted = k;
  std::uint32_t bin = (high - low) >> shift;
  for (; counts_[bin] < wanted; --bin) wanted -= counts_[bin];
  std::uint32_t* end = members_.data();
  for (const float value : x) {
    *end = magnitude_of(value);
    end += (*end - low) >> shift == bin;
  }
  std::uint32_t* const kth = members_.data() + (wanted - 1);
  std::nth_element(members_.data(), kth, end, std::greater<>());
  // Everything before the k-th is at least as large.
  const auto ties = static_cast<std::size_t>(std::count(members_.data(), kth + 1, *kth));
  return *kth == 0 ? Threshold{} : Threshold{*kth, ties};
}

/// Three passes over the 31 bits of the magnitudes, most significant digit first, in any case.
LargestFinder::Threshold LargestFinder::threshold_by_radix(std::span<const float> x, std::size_t k) {
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
  return found == 0 ? Threshold{} : Threshold{found, wanted};
}

/// Moves what the threshold keeps of `count` collected coordinates at `from` to `to`, and returns how many those are.
/// Uses up ties.
std::size_t LargestFinder::filter(std::size_t from, std::size_t count, std::size_t to, Threshold& threshold) {
  const std::size_t start = to;
  for (std::size_t j = from; j < from + count; ++j) {
    const std::uint32_t magnitude = magnitude_of(values_[j]);
    if (magnitude < threshold.magnitude) continue;
    if (magnitude == threshold.magnitude) {
      if (threshold.ties == 0) continue;
      --threshold.ties;
    }
    indices_[to] = indices_[j];
    values_[to++] = values_[j];
  }
  return to - start;
}

std::size_t LargestFinder::collect_exactly(std::span<const float> x, Threshold threshold) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < x.size(); i += kChunk) {
    const auto chunk =
        kernels::collect_at_least(x.data() + i, std::min(kChunk, x.size() - i), std::max(threshold.magnitude, 1u),
                                  static_cast<std::uint32_t>(i), indices_.data() + found, values_.data() + found);
    found += filter(found, chunk.count, found, threshold);
  }
  return found;
}

}  // namespace parley::compression
