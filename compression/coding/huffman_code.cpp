#include "compression/coding/huffman_code.h"

#include <algorithm>
#include <bit>

#include "compression/coding/bit_stream.h"

namespace parley::compression {
namespace {

constexpr std::size_t kSymbols = 256;
constexpr unsigned kLongest = HuffmanCode::kLongest;

std::size_t table_size(unsigned width) {
  return std::max<std::size_t>(1, (std::size_t{1} << width) / 2);
}

/// Joins trees until one is left, and sets the depths of the symbols. Returns the largest.
unsigned join(const SymbolCounts& counts, HuffmanCode::Lengths& lengths) {
  struct Tree {
    std::uint64_t weight;
    std::size_t parent;
  };
  std::array<Tree, 2 * kSymbols> trees{};  // symbols by weight, then joined trees in the order of their making
  std::array<std::uint8_t, kSymbols> symbols{};
  std::size_t leaves = 0;
  for (std::size_t s = 0; s < kSymbols; ++s)
    if (counts[s] > 0) symbols[leaves++] = static_cast<std::uint8_t>(s);
  std::sort(symbols.begin(), symbols.begin() + static_cast<std::ptrdiff_t>(leaves),
            [&](std::uint8_t a, std::uint8_t b) { return counts[a] < counts[b] || (counts[a] == counts[b] && a < b); });
  for (std::size_t i = 0; i < leaves; ++i) trees[i].weight = counts[symbols[i]];
  std::size_t leaf = 0, joined = leaves, end = leaves;
  const auto lightest = [&] {
    const bool is_leaf = joined == end || (leaf < leaves && trees[leaf].weight <= trees[joined].weight);
    return is_leaf ? leaf++ : joined++;
  };
  for (; end + 1 < 2 * leaves; ++end) {
    const std::size_t one = lightest(), other = lightest();
    trees[end].weight = trees[one].weight + trees[other].weight;
    trees[one].parent = trees[other].parent = end;
  }
  std::array<unsigned, 2 * kSymbols> depths{};
  unsigned most = 0;
  for (std::size_t i = end - 1; i-- > 0;) {
    depths[i] = depths[trees[i].parent] + 1;
    most = std::max(most, depths[i]);
  }
  for (std::size_t i = 0; i < leaves; ++i) lengths[symbols[i]] = static_cast<std::uint8_t>(std::min(depths[i], 255u));
  return most;
}

/// Calls use(symbol, bits, length) for each code, in canonical order; bits have the first one in the lowest place.
template <class Use>
void for_each_code(const HuffmanCode::Lengths& lengths, Use use) {
  std::uint32_t next = 0;  // as a number of kLongest bits, the first one highest
  for (unsigned length = 1; length <= kLongest; ++length) {
    for (std::size_t s = 0; s < kSymbols; ++s) {
      if (lengths[s] != length) continue;
      std::uint32_t bits = 0;
      for (unsigned b = 0; b < length; ++b) bits |= ((next >> (kLongest - 1 - b)) & 1u) << b;
      use(s, bits, length);
      next += 1u << (kLongest - length);
    }
  }
}

std::size_t symbols_of(const HuffmanCode::Lengths& lengths) {
  return kSymbols - static_cast<std::size_t>(std::ranges::count(lengths, std::uint8_t{0}));
}

}  // namespace

HuffmanCode::Lengths HuffmanCode::lengths_of(SymbolCounts counts) {
  Lengths lengths{};
  for (;;) {
    const unsigned longest = join(counts, lengths);
    if (longest == 0) break;
    if (longest <= kLongest) return lengths;
    for (std::uint32_t& count : counts) count = (count + 1) / 2;
  }
  for (std::size_t s = 0; s < kSymbols; ++s) lengths[s] = counts[s] > 0 ? 1 : 0;  // a single one
  return lengths;
}

bool HuffmanCode::fit(const SymbolCounts& counts, std::size_t, unsigned) {
  made_ = lengths_of(counts);
  return true;
}

std::size_t HuffmanCode::most_bytes(std::size_t n) const {
  return kSymbols / 2 + (n * kLongest + 7) / 8;
}

std::size_t HuffmanCode::write(std::span<const std::uint8_t> block, unsigned width, std::byte* to) {
  const std::size_t table = table_size(width);
  for (std::size_t i = 0; i < table; ++i) to[i] = static_cast<std::byte>(made_[2 * i] | (made_[2 * i + 1] << 4));
  if (symbols_of(made_) == 1) return table;
  std::array<Word, kSymbols> words{};
  for_each_code(made_, [&](std::size_t s, std::uint32_t bits, unsigned length) {
    words[s] = {static_cast<std::uint16_t>(bits), static_cast<std::uint8_t>(length)};
  });
  BitWriter out(to + table);
  for (const std::uint8_t s : block) out.put(words[s].bits, words[s].length);
  return static_cast<std::size_t>(out.finish() - to);
}

bool HuffmanCode::lay_out() {
  std::uint32_t given = 0;  // of all slots
  for (const std::uint8_t length : read_) {
    if (length > kLongest) return false;
    if (length > 0) given += 1u << (kLongest - length);
  }
  if (symbols_of(read_) == 1) return *std::ranges::max_element(read_) == 1;
  if (given != slots_.size()) return false;
  for_each_code(read_, [&](std::size_t s, std::uint32_t bits, unsigned length) {
    for (std::size_t slot = bits; slot < slots_.size(); slot += std::size_t{1} << length)
      slots_[slot] = {static_cast<std::uint8_t>(s), static_cast<std::uint8_t>(length)};
  });
  return true;
}

/// The bytes that the codes of the block took, at least 1; 0 if they are not there or not padded with zeros.
std::size_t HuffmanCode::read_stream(std::span<const std::byte> from, std::span<std::uint8_t> block) const {
  std::uint64_t window = 0;
  unsigned held = 0;  // bits of the window that count; those above are what will be read next, or zero
  std::size_t at = 0;
  for (std::uint8_t& symbol : block) {
    if (held < kLongest) {
      if (from.size() - at >= sizeof window) {
        window |= load<std::uint64_t>(from.data() + at) << held;
        at += (63 - held) / 8;
        held |= 56;
      } else {
        for (; at < from.size() && held <= 56; ++at, held += 8) window |= static_cast<std::uint64_t>(from[at]) << held;
      }
    }
    const Slot slot = slots_[window & (slots_.size() - 1)];
    if (slot.length > held) return 0;
    symbol = slot.symbol;
    window >>= slot.length;
    held -= slot.length;
  }
  const bool padded = (window & ((1u << (held % 8)) - 1)) == 0;
  return padded ? at - held / 8 : 0;
}

std::size_t HuffmanCode::read(std::span<const std::byte> from, unsigned width, std::span<std::uint8_t> block) {
  const std::size_t table = table_size(width);
  if (from.size() < table) return 0;
  read_.fill(0);
  for (std::size_t s = 0; s < 2 * table; ++s)
    read_[s] = static_cast<std::uint8_t>(std::to_integer<unsigned>(from[s / 2]) >> (4 * (s % 2)) & 0xF);
  if (symbols_of(read_) == 0 || !lay_out()) return 0;
  if (symbols_of(read_) == 1) {
    std::ranges::fill(block, static_cast<std::uint8_t>(std::ranges::max_element(read_) - read_.begin()));
    return table;
  }
  const std::size_t stream = read_stream(from.subspan(table), block);
  return stream == 0 ? 0 : table + stream;
}

}  // namespace parley::compression
