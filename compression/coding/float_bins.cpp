#include "compression/coding/float_bins.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace parley::compression {
namespace {

constexpr std::size_t kBins = 65536;
constexpr std::size_t kGroup = 128;  // bins of one sign and exponent
constexpr std::size_t kExponents = 256;
constexpr unsigned kLowBits = 40;  // of the packed sum of lower halves
// Counts of a chunk fit the 24 bits above.
constexpr std::size_t kChunk = std::size_t{1} << 23;

/// The lower half of a bin's floats has this weight.
double unit_of(std::size_t key) {
  const int exponent = static_cast<int>(key >> 7) & 0xFF;
  return std::ldexp(1.0, std::max(exponent, 1) - 150);
}

}  // namespace

std::uint16_t FloatBins::key(float value) {
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
}

FloatBins::FloatBins() : packed_(kBins), counts_(kBins), lows_(kBins), touched_(2 * kExponents) {
  bins_.reserve(kBins);
}

bool FloatBins::count(std::span<const float> x) {
  for (std::size_t i = 0; i < x.size(); i += kChunk) {
    if (i > 0) collect();
    for (const float value : x.subspan(i, std::min(kChunk, x.size() - i))) {
      const auto bits = std::bit_cast<std::uint32_t>(value);
      packed_[bits >> 16] += (std::uint64_t{1} << kLowBits) + (bits & 0xFFFF);
      touched_[bits >> 23] = 1;
    }
  }
  const bool finite = touched_[kExponents - 1] == 0 && touched_[2 * kExponents - 1] == 0;
  collect();
  bins_.clear();
  for (std::size_t e = kExponents; e-- > 0;) append_group(kExponents + e, true);
  for (std::size_t e = 0; e < kExponents; ++e) append_group(e, false);
  std::fill(touched_.begin(), touched_.end(), std::uint8_t{0});
  return finite;
}

/// Moves what the packed sums hold to the wide ones.
void FloatBins::collect() {
  for (std::size_t group = 0; group < touched_.size(); ++group) {
    if (touched_[group] == 0) continue;
    for (std::size_t key = group * kGroup; key < (group + 1) * kGroup; ++key) {
      counts_[key] += static_cast<std::uint32_t>(packed_[key] >> kLowBits);
      lows_[key] += packed_[key] & ((std::uint64_t{1} << kLowBits) - 1);
      packed_[key] = 0;
    }
  }
}

/// Appends the bins of one sign and exponent, ascending by value, and empties them.
void FloatBins::append_group(std::size_t group, bool negative) {
  if (touched_[group] == 0) return;
  for (std::size_t i = 0; i < kGroup; ++i) {
    const std::size_t key = group * kGroup + (negative ? kGroup - 1 - i : i);
    if (counts_[key] == 0) continue;
    const double count = counts_[key];
    const double smallest = std::bit_cast<float>(static_cast<std::uint32_t>(key) << 16);  // in magnitude
    const double rest = static_cast<double>(lows_[key]) * unit_of(key);
    bins_.push_back({static_cast<std::uint16_t>(key), count, count * smallest + (negative ? -rest : rest)});
    counts_[key] = 0;
    lows_[key] = 0;
  }
}

}  // namespace parley::compression
