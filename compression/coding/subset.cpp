#include "compression/coding/subset.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>

#include "base/error.h"
#include "compression/coding/lanes.h"
#include "compression/kernels/philox.h"

namespace parley::compression {
namespace {

constexpr std::size_t kWordsAtOnce = 16 * kernels::kGroup;
constexpr std::size_t kAtOnce = 4;  // indices written for every word that has a bit

/// The marks of a word, without those past the last index.
std::uint64_t marked(std::uint64_t marks, std::size_t word, std::size_t d, bool leaves_out) {
  const std::uint64_t bits = leaves_out ? ~marks : marks;
  const bool last = (word + 1) * 64 > d;
  return last ? bits & ((std::uint64_t{1} << (d % 64)) - 1) : bits;
}

}  // namespace

std::span<const std::uint32_t> SubsetDrawer::draw(std::size_t d, std::size_t k, const base::RandomKey& key,
                                                  const State& state) {
  PARLEY_CHECK(k <= d && d <= 0xFFFFFFFF, k, d);
  const Pieces pieces(d, 64);
  if (const std::size_t words = (d + 63) / 64; marks_.size() < words) marks_.resize(words);
  if (indices_.size() < k) indices_.resize(k);
  if (ends_.size() < pieces.count() + 1) ends_.resize(pieces.count() + 1);
  const bool leaves_out = k > d / 2;
  mark(d, leaves_out ? d - k : k, key, state);
  ends_[0] = 0;
  for_each_task(state, d, pieces.count(), [&](std::size_t piece, std::size_t) {
    std::size_t count = 0;
    for (std::size_t i = pieces.first(piece); i < pieces.first(piece) + pieces.size(piece); i += 64)
      count += static_cast<std::size_t>(std::popcount(marked(marks_[i / 64], i / 64, d, leaves_out)));
    ends_[piece + 1] = count;
  });
  for (std::size_t piece = 0; piece < pieces.count(); ++piece) ends_[piece + 1] += ends_[piece];
  PARLEY_CHECK(ends_[pieces.count()] == k, ends_[pieces.count()], k);
  for_each_task(state, d, pieces.count(), [&](std::size_t piece, std::size_t) {
    list(pieces.first(piece) / 64, (pieces.size(piece) + 63) / 64, d, leaves_out,
         std::span(indices_).subspan(ends_[piece], ends_[piece + 1] - ends_[piece]));
  });
  return {indices_.data(), k};
}

void SubsetDrawer::list(std::size_t first, std::size_t words, std::size_t d, bool leaves_out,
                        std::span<std::uint32_t> to) {
  std::size_t found = 0;
  for (std::size_t w = first; w < first + words; ++w) {
    std::uint64_t bits = marked(marks_[w], w, d, leaves_out);
    marks_[w] = 0;
    const auto count = static_cast<std::size_t>(std::popcount(bits));
    // Always a few, some of them in vain: how many bits a word has cannot be predicted, that it has more than these
    // can. What follows belongs to the next piece.
    const std::size_t whole = std::min((count + kAtOnce - 1) / kAtOnce * kAtOnce, to.size() - found);
    for (std::size_t next = found; next < found + whole; ++next, bits &= bits - 1)
      to[next] = static_cast<std::uint32_t>(64 * w) + static_cast<std::uint32_t>(std::countr_zero(bits));
    found += count;
  }
}

template <bool kShared>
std::size_t SubsetDrawer::mark_drawn(std::span<const std::uint32_t> words, std::size_t d, std::size_t most) {
  const auto bound = static_cast<std::uint32_t>(d);
  const std::uint32_t reject_below = (0u - bound) % bound;
  std::size_t fresh = 0;
  for (const std::uint32_t word : words) {
    if (fresh == most) break;
    const std::uint64_t product = std::uint64_t{word} * bound;
    if (static_cast<std::uint32_t>(product) < reject_below) continue;
    const auto index = static_cast<std::uint32_t>(product >> 32);
    const std::uint64_t bit = std::uint64_t{1} << (index % 64);
    std::uint64_t& marks = marks_[index / 64];
    if constexpr (kShared) {
      fresh += (std::atomic_ref(marks).fetch_or(bit, std::memory_order_relaxed) & bit) == 0 ? 1 : 0;
    } else {
      fresh += (marks & bit) == 0 ? 1 : 0;
      marks |= bit;
    }
  }
  return fresh;
}

void SubsetDrawer::mark(std::size_t d, std::size_t count, const base::RandomKey& key, const State& state) {
  const base::PhiloxInput philox = base::philox_input(key);
  const auto words_from = [&](std::size_t i, std::array<std::uint32_t, kWordsAtOnce>& words) {
    kernels::random_words(philox, static_cast<std::uint32_t>(i / kernels::kGroup) * kernels::kBlocksPerGroup,
                          words.size() / kernels::kGroup, words.data());
  };
  std::size_t drawn = 0;
  if (d >= kWorthSharing && lanes_of(state) > 1) {
    // So many numbers take at least as many words, and which are among them does not depend on their order.
    const std::size_t tasks = count / kWordsAtOnce;
    std::atomic<std::size_t> fresh{0};
    for_each_task(state, d, tasks, [&](std::size_t task, std::size_t) {
      std::array<std::uint32_t, kWordsAtOnce> words;
      words_from(task * kWordsAtOnce, words);
      fresh.fetch_add(mark_drawn<true>(words, d, kWordsAtOnce), std::memory_order_relaxed);
    });
    drawn = tasks * kWordsAtOnce;
    count -= fresh.load(std::memory_order_relaxed);
  }
  std::array<std::uint32_t, kWordsAtOnce> words;
  for (; count > 0; drawn += kWordsAtOnce) {
    words_from(drawn, words);
    count -= mark_drawn<false>(words, d, count);
  }
}

}  // namespace parley::compression
