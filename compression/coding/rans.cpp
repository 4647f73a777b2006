#include "compression/coding/rans.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/error.h"
#include "compression/kernels/bytes.h"

namespace parley::compression {
namespace {

constexpr std::uint32_t kLowest = 1u << 16;
constexpr std::size_t kStates = 4;

}  // namespace

SymbolTable::SymbolTable(std::size_t symbols) : frequencies_(symbols), begins_(symbols), symbols_(kScale) {
  PARLEY_CHECK(symbols > 0 && symbols <= kMostSymbols, symbols);
}

void SymbolTable::fit(std::span<const std::uint32_t> counts) {
  PARLEY_CHECK(counts.size() == frequencies_.size(), counts.size(), frequencies_.size());
  const auto total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  PARLEY_CHECK(total > 0);
  std::uint32_t given = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::uint64_t share = (std::uint64_t{counts[i]} << kScaleBits) / total;
    frequencies_[i] = static_cast<std::uint16_t>(counts[i] > 0 ? std::max<std::uint64_t>(share, 1) : 0);
    given += frequencies_[i];
  }
  while (given != kScale) {
    auto& most = *std::max_element(frequencies_.begin(), frequencies_.end());
    // At most 256 too many, so that there is one to take from: the most frequent has 16 at least.
    const std::uint32_t change = given < kScale ? kScale - given : std::min(given - kScale, most - 1u);
    const bool more = given < kScale;
    most = static_cast<std::uint16_t>(more ? most + change : most - change);
    given = more ? given + change : given - change;
  }
  lay_out();
}

bool SymbolTable::set(std::span<const std::uint16_t> frequencies) {
  PARLEY_CHECK(frequencies.size() == frequencies_.size(), frequencies.size(), frequencies_.size());
  if (std::accumulate(frequencies.begin(), frequencies.end(), std::uint32_t{0}) != kScale) return false;
  std::copy(frequencies.begin(), frequencies.end(), frequencies_.begin());
  lay_out();
  return true;
}

void SymbolTable::lay_out() {
  std::uint32_t begin = 0;
  for (std::size_t i = 0; i < frequencies_.size(); ++i) {
    begins_[i] = begin;
    std::fill_n(symbols_.begin() + begin, frequencies_[i], static_cast<std::uint8_t>(i));
    begin += frequencies_[i];
  }
}

std::size_t encode_rans(std::span<const std::uint8_t> symbols, const SymbolTable& table,
                        std::span<std::uint16_t> scratch, std::byte* to) {
  PARLEY_CHECK(scratch.size() >= symbols.size(), scratch.size(), symbols.size());
  std::array<std::uint32_t, kStates> states;
  states.fill(kLowest);
  std::size_t words = 0;
  for (std::size_t i = symbols.size(); i-- > 0;) {
    const std::uint32_t frequency = table.frequencies()[symbols[i]];
    std::uint32_t& x = states[i % kStates];
    if (x >= std::uint64_t{frequency} << (32 - SymbolTable::kScaleBits)) {
      scratch[words++] = static_cast<std::uint16_t>(x);
      x >>= 16;
    }
    x = ((x / frequency) << SymbolTable::kScaleBits) + x % frequency + table.begin(symbols[i]);
  }
  const std::byte* start = to;
  for (const std::uint32_t x : states) {
    store(to, x);
    to += sizeof x;
  }
  while (words > 0) {
    store(to, scratch[--words]);
    to += sizeof(std::uint16_t);
  }
  return static_cast<std::size_t>(to - start);
}

std::size_t decode_rans(std::span<const std::byte> from, const SymbolTable& table, std::span<std::uint8_t> symbols) {
  if (from.size() < kStates * sizeof(std::uint32_t)) return 0;
  std::array<std::uint32_t, kStates> states;
  for (std::size_t j = 0; j < kStates; ++j) {
    states[j] = load<std::uint32_t>(from.data() + j * sizeof(std::uint32_t));
    if (states[j] < kLowest) return 0;
  }
  const std::byte* at = from.data() + sizeof states;
  const std::byte* end = from.data() + from.size();
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    std::uint32_t& x = states[i % kStates];
    const std::uint32_t slot = x & (SymbolTable::kScale - 1);
    const std::uint8_t symbol = table.symbol_at(slot);
    symbols[i] = symbol;
    x = table.frequencies()[symbol] * (x >> SymbolTable::kScaleBits) + slot - table.begin(symbol);
    if (x < kLowest) {
      if (end - at < 2) return 0;
      x = (x << 16) | load<std::uint16_t>(at);
      at += 2;
    }
  }
  const bool complete = std::all_of(states.begin(), states.end(), [](std::uint32_t x) { return x == kLowest; });
  return complete ? static_cast<std::size_t>(at - from.data()) : 0;
}

}  // namespace parley::compression
