#include "compression/coding/subset.h"

#include <array>
#include <bit>

#include "base/error.h"
#include "compression/kernels/philox.h"

namespace parley::compression {
namespace {

constexpr std::size_t kGroupsAtOnce = 16;

}  // namespace

void SubsetDrawer::draw(std::size_t d, const base::RandomKey& key, std::span<std::uint32_t> indices) {
  const std::size_t k = indices.size();
  PARLEY_CHECK(k <= d && d <= 0xFFFFFFFF, k, d);
  const std::size_t words = (d + 63) / 64;
  if (marks_.size() < words) marks_.resize(words);
  const bool leaves_out = k > d / 2;
  mark(d, leaves_out ? d - k : k, key);
  std::size_t found = 0;
  for (std::size_t w = 0; w < words; ++w) {
    std::uint64_t bits = leaves_out ? ~marks_[w] : marks_[w];
    if (w + 1 == words && d % 64 != 0) bits &= (std::uint64_t{1} << (d % 64)) - 1;
    marks_[w] = 0;
    for (; bits != 0; bits &= bits - 1)
      indices[found++] = static_cast<std::uint32_t>(64 * w) + static_cast<std::uint32_t>(std::countr_zero(bits));
  }
  PARLEY_CHECK(found == k, found, k);
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
