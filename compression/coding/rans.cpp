#include "compression/coding/rans.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "base/error.h"
#include "compression/kernels/bytes.h"

namespace parley::compression {
namespace {

constexpr std::uint32_t kLowest = 1u << 16;
constexpr std::size_t kStates = 4;

}  // namespace

SymbolTable::SymbolTable(std::size_t symbols) : frequencies_(symbols), intervals_(symbols), slots_(kScale) {
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
    const std::uint32_t f = frequencies_[i];
    const auto shift = f > 1 ? static_cast<std::uint32_t>(std::bit_width(f - 1)) : 0;
    const std::uint64_t reciprocal = f > 0 ? ((std::uint64_t{1} << (32 + shift)) + f - 1) / f : 0;
    intervals_[i] = {.reciprocal = reciprocal, .frequency = f, .begin = begin, .shift = shift};
    for (std::uint32_t offset = 0; offset < f; ++offset)
      slots_[begin + offset] = {frequencies_[i], static_cast<std::uint16_t>(offset), static_cast<std::uint8_t>(i)};
    begin += f;
  }
}

namespace {

/// x / f. The reciprocal has up to 33 bits: its upper one is added apart.
std::uint32_t quotient(std::uint32_t x, const SymbolTable::Interval& interval) {
  const std::uint64_t low = (std::uint64_t{x} * (interval.reciprocal & 0xFFFFFFFF)) >> 32;
  return static_cast<std::uint32_t>((low + (interval.reciprocal >> 32) * x) >> interval.shift);
}

/// Codes one symbol into its state, whose lower bits may become the next word.
void code(std::uint32_t& x, const SymbolTable::Interval& interval, std::uint16_t*& words) {
  *words = static_cast<std::uint16_t>(x);
  if (x >= std::uint64_t{interval.frequency} << (32 - SymbolTable::kScaleBits)) {
    ++words;
    x >>= 16;
  }
  // (x / f) 2^12 + x mod f + c
  x += quotient(x, interval) * (SymbolTable::kScale - interval.frequency) + interval.begin;
}

/// Reads one symbol off its state, and a word if it must. False at the end of the words.
bool read(std::uint32_t& x, const SymbolTable& table, const std::byte*& at, const std::byte* end,
          std::uint8_t& symbol) {
  const SymbolTable::Slot& slot = table.slot(x & (SymbolTable::kScale - 1));
  symbol = slot.symbol;
  x = slot.frequency * (x >> SymbolTable::kScaleBits) + slot.offset;
  if (x >= kLowest) return true;
  if (end - at < 2) return false;
  x = (x << 16) | load<std::uint16_t>(at);
  at += 2;
  return true;
}

}  // namespace

std::size_t encode_rans(std::span<const std::uint8_t> symbols, const SymbolTable& table,
                        std::span<std::uint16_t> scratch, std::byte* to) {
  PARLEY_CHECK(scratch.size() > symbols.size(), scratch.size(), symbols.size());
  std::uint32_t x0 = kLowest, x1 = kLowest, x2 = kLowest, x3 = kLowest;
  std::uint16_t* next = scratch.data();
  const auto take = [&](std::uint32_t& x, std::size_t i) { code(x, table.interval(symbols[i]), next); };
  const std::size_t whole = symbols.size() / kStates * kStates;
  if (symbols.size() > whole + 2) take(x2, whole + 2);
  if (symbols.size() > whole + 1) take(x1, whole + 1);
  if (symbols.size() > whole) take(x0, whole);
  for (std::size_t i = whole; i > 0; i -= kStates) {
    take(x3, i - 1);
    take(x2, i - 2);
    take(x1, i - 3);
    take(x0, i - 4);
  }
  const std::byte* start = to;
  for (const std::uint32_t x : {x0, x1, x2, x3}) {
    store(to, x);
    to += sizeof x;
  }
  while (next != scratch.data()) {
    store(to, *--next);
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
  auto [x0, x1, x2, x3] = states;
  const std::byte* at = from.data() + sizeof states;
  const std::byte* end = from.data() + from.size();
  const std::size_t n = symbols.size(), whole = n / kStates * kStates;
  bool enough = true;
  for (std::size_t i = 0; i < whole && enough; i += kStates) {
    enough = read(x0, table, at, end, symbols[i]) && read(x1, table, at, end, symbols[i + 1]) &&
             read(x2, table, at, end, symbols[i + 2]) && read(x3, table, at, end, symbols[i + 3]);
  }
  if (n > whole) enough = enough && read(x0, table, at, end, symbols[whole]);
  if (n > whole + 1) enough = enough && read(x1, table, at, end, symbols[whole + 1]);
  if (n > whole + 2) enough = enough && read(x2, table, at, end, symbols[whole + 2]);
  const bool complete = x0 == kLowest && x1 == kLowest && x2 == kLowest && x3 == kLowest;
  return enough && complete ? static_cast<std::size_t>(at - from.data()) : 0;
}

}  // namespace parley::compression
