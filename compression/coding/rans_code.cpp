#include "compression/coding/rans_code.h"

#include <algorithm>
#include <bit>

#include "compression/coding/bit_stream.h"

namespace parley::compression {
namespace {

constexpr std::size_t kSymbols = SymbolTable::kMostSymbols;
constexpr unsigned kFrequencyBits = 2 * SymbolTable::kScaleBits + 1;  // of the longest Elias code
constexpr std::size_t kMostTable = kSymbols / 8 + (kSymbols * kFrequencyBits + 7) / 8;

std::size_t bitmap_size(unsigned width) {
  return std::max<std::size_t>(1, (std::size_t{1} << width) / 8);
}

}  // namespace

RansCode::RansCode() : made_(kSymbols), read_(kSymbols), frequencies_(kSymbols) {}

bool RansCode::fit(const SymbolCounts& counts, std::size_t n, unsigned width) {
  std::uint64_t sum = 0;
  for (const std::uint32_t c : counts) sum += std::uint64_t{c} * c;
  if ((std::uint64_t{31} << width) * sum <= 32 * std::uint64_t{n} * n) return false;
  made_.fit(counts);
  return true;
}

std::size_t RansCode::most_bytes(std::size_t n) const {
  return kMostTable + rans_bound(n);
}

std::size_t RansCode::write_table(unsigned width, std::byte* to) const {
  const std::span<const std::uint16_t> frequencies = made_.frequencies();
  const std::size_t bitmap = bitmap_size(width);
  for (std::size_t i = 0; i < bitmap; ++i) {
    unsigned bits = 0;
    for (std::size_t b = 0; b < 8; ++b) bits |= (frequencies[8 * i + b] > 0 ? 1u : 0u) << b;
    to[i] = static_cast<std::byte>(bits);
  }
  BitWriter out(to + bitmap);
  for (const std::uint16_t f : frequencies) {
    if (f == 0) continue;
    const auto below = static_cast<unsigned>(std::bit_width(f)) - 1;
    out.put_unary(below);
    out.put(f & ((1u << below) - 1), below);
  }
  return static_cast<std::size_t>(out.finish() - to);
}

std::size_t RansCode::read_table(std::span<const std::byte> from, unsigned width) {
  const std::size_t bitmap = bitmap_size(width);
  if (from.size() < bitmap) return 0;
  BitReader in(from.subspan(bitmap));
  for (std::size_t s = 0; s < kSymbols; ++s) {
    frequencies_[s] = 0;
    if (s >= 8 * bitmap || ((from[s / 8] >> (s % 8)) & std::byte{1}) == std::byte{0}) continue;
    const std::uint32_t below = in.get_unary(SymbolTable::kScaleBits);
    if (below > SymbolTable::kScaleBits || s >> width != 0) return 0;
    frequencies_[s] = static_cast<std::uint16_t>((1u << below) | in.get(below));
    if (!in.good()) return 0;
  }
  return in.align() && read_.set(frequencies_) ? bitmap + in.position() : 0;
}

std::size_t RansCode::write(std::span<const std::uint8_t> block, unsigned width, std::byte* to) {
  words_.resize(std::max(words_.size(), block.size() + 1));
  const std::size_t table = write_table(width, to);
  return table + encode_rans(block, made_, words_, to + table);
}

std::size_t RansCode::read(std::span<const std::byte> from, unsigned width, std::span<std::uint8_t> block) {
  const std::size_t table = read_table(from, width);
  if (table == 0) return 0;
  const std::size_t stream = decode_rans(from.subspan(table), read_, block);
  return stream == 0 ? 0 : table + stream;
}

bool RansCode::read_what_was_made() const {
  return std::ranges::equal(made_.frequencies(), read_.frequencies());
}

}  // namespace parley::compression
