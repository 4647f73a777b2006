#include "compression/coding/subset.h"

#include <array>
#include <bit>

#include "base/error.h"
#include "compression/kernels/philox.h"

namespace parley::compression {
namespace {

constexpr std::size_t kGroupsAtOnce = 16;
constexpr std::size_t kAtOnce = 4;  // indices written for every word that has a bit

}  // namespace

std::span<const std::uint32_t> SubsetDrawer::draw(std::size_t d, std::size_t k, const base::RandomKey& key) {
  PARLEY_CHECK(k <= d && d <= 0xFFFFFFFF, k, d);
  const std::size_t words = (d + 63) / 64;
  if (marks_.size() < words) marks_.resize(words);
  if (indices_.size() < k + kAtOnce) indices_.resize(k + kAtOnce);
  const bool leaves_out = k > d / 2;
  mark(d, leaves_out ? d - k : k, key);
  std::size_t found = 0;
  for (std::size_t w = 0; w < words; ++w) {
    std::uint64_t bits = leaves_out ? ~marks_[w] : marks_[w];
    if (w + 1 == words && d % 64 != 0) bits &= (std::uint64_t{1} << (d % 64)) - 1;
    marks_[w] = 0;
    const auto count = static_cast<std::size_t>(std::popcount(bits));
    // Always a few, some of them in vain: how many bits a word has cannot be predicted, that it has more than these
    // can.
    for (std::size_t j = 0; j < count; j += kAtOnce) {
      for (std::size_t next = found + j; next < found + j + kAtOnce; ++next, bits &= bits - 1)
        indices_[next] = static_cast<std::uint32_t>(64 * w) + static_cast<std::uint32_t>(std::countr_zero(bits));
    }
    found += count;
  }
  PARLEY_CHECK(found == k, found, k);
  return {indices_.data(), k};
}

void SubsetDrawer::mark(std::size_t d, std::size_t count, const base::RandomKey& key) {
  const base::PhiloxInput philox = base::philox_input(key);
  const auto bound = static_cast<std::uint32_t>(d);
  const std::uint32_t reject_below = count == 0 ? 0 : (0u - bound) % bound;
  std::array<std::uint32_t, kGroupsAtOnce * kernels::kGroup> words;
  for (std::uint32_t block = 0; count > 0; block += kGroupsAtOnce * kernels::kBlocksPerGroup) {
    kernels::random_words(philox, block, kGroupsAtOnce, words.data());
    for (const std::uint32_t word : words) {
      const std::uint64_t product = std::uint64_t{word} * bound;
      if (static_cast<std::uint32_t>(product) < reject_below) continue;
      const auto index = static_cast<std::uint32_t>(product >> 32);
      const std::uint64_t bit = std::uint64_t{1} << (index % 64);
      if ((marks_[index / 64] & bit) != 0) continue;
      marks_[index / 64] |= bit;
      if (--count == 0) break;
    }
  }
}

}  // namespace parley::compression
