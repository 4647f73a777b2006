#include "compression/kernels/levels.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "compression/kernels/bytes.h"
#include "compression/kernels/philox.h"

namespace parley::compression::kernels {

void quantise(const float* x, std::size_t n, const LevelGrid& grid, const base::PhiloxInput& key,
              std::uint32_t first_block, std::int16_t* levels) {
  std::array<std::uint32_t, kGroup> words;
  for (std::size_t start = 0; start < n; start += kGroup) {
    random_words(key, first_block + static_cast<std::uint32_t>(start / kGroup) * kBlocksPerGroup, 1, words.data());
    for (std::size_t i = 0; i < kGroup; ++i) {
      std::int32_t level = 0;
      if (start + i < n) {
        const float value = x[start + i];
        const float r = std::min(std::abs(value) * grid.prescale * grid.inverse, grid.top);
        level = static_cast<std::int32_t>(r);
        const float u = static_cast<float>(words[i] >> 8) * 0x1p-24f;
        level += u < r - static_cast<float>(level) ? 1 : 0;
        if (value < 0) level = -level;
      }
      levels[start + i] = static_cast<std::int16_t>(level);
    }
  }
}

void add_levels(const std::int16_t* levels, std::size_t n, float unit, float scale, float* y) {
  for (std::size_t i = 0; i < n; ++i) y[i] += scale * (unit * static_cast<float>(levels[i]));
}

void pack_levels(const std::int16_t* levels, std::size_t n, unsigned bits, std::byte* to) {
  const std::uint32_t mask = (1u << bits) - 1;
  std::uint64_t window = 0;
  unsigned held = 0;
  for (std::size_t i = 0; i < n; ++i) {
    window |= static_cast<std::uint64_t>(static_cast<std::uint16_t>(levels[i]) & mask) << held;
    for (held += bits; held >= 8; held -= 8, window >>= 8) *to++ = static_cast<std::byte>(window);
  }
  if (held > 0) *to = static_cast<std::byte>(window);
}

void unpack_levels(const std::byte* from, std::size_t n, unsigned bits, std::int16_t* levels) {
  const std::size_t bytes = (n * bits + 7) / 8;
  std::uint64_t window = 0;
  unsigned held = 0;
  std::size_t at = 0;
  const std::size_t padded = (n + kGroup - 1) / kGroup * kGroup;
  for (std::size_t i = 0; i < padded; ++i) {
    for (; held < bits; held += 8, ++at)
      window |= (at < bytes ? static_cast<std::uint64_t>(from[at]) : std::uint64_t{0}) << held;
    const auto code = static_cast<std::uint16_t>(window << (16 - bits));
    levels[i] = static_cast<std::int16_t>(static_cast<std::int16_t>(code) >> (16 - bits));
    window >>= bits;
    held -= bits;
  }
}

std::int16_t smallest_level(const std::int16_t* levels, std::size_t n) {
  std::int16_t smallest = 0;
  for (std::size_t i = 0; i < n; ++i) smallest = std::min(smallest, levels[i]);
  return smallest;
}

}  // namespace parley::compression::kernels
