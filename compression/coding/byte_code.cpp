#include "compression/coding/byte_code.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "compression/coding/bit_stream.h"
#include "compression/coding/refusal.h"

namespace parley::compression {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 18;
constexpr std::size_t kSymbols = 256;
constexpr std::size_t kBitmap = kSymbols / 8;
constexpr unsigned kFrequencyBits = 2 * SymbolTable::kScaleBits + 1;  // of the longest Elias code
constexpr std::size_t kMostTable = kBitmap + (kSymbols * kFrequencyBits + 7) / 8;
constexpr std::byte kPlain{0}, kCoded{1};

std::span<const std::uint8_t> as_symbols(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

ByteCoder::ByteCoder() : table_(kSymbols), expected_(kSymbols), counts_(kSymbols), frequencies_(kSymbols) {}

std::size_t ByteCoder::bound(std::size_t n) {
  return n + (n + kBlock - 1) / kBlock;
}

void ByteCoder::count(std::span<const std::uint8_t> block) {
  // Four tables, because adding to a number that was just stored has to wait for it.
  std::array<std::array<std::uint32_t, kSymbols>, 4> counts{};
  std::size_t i = 0;
  for (; i + 4 <= block.size(); i += 4)
    for (std::size_t j = 0; j < 4; ++j) ++counts[j][block[i + j]];
  for (; i < block.size(); ++i) ++counts[0][block[i]];
  for (std::size_t b = 0; b < kSymbols; ++b) counts_[b] = counts[0][b] + counts[1][b] + counts[2][b] + counts[3][b];
}

bool ByteCoder::is_compressible(std::size_t length) const {
  std::uint64_t sum = 0;
  for (const std::uint32_t c : counts_) sum += std::uint64_t{c} * c;
  return 248 * sum > std::uint64_t{length} * length;
}

std::size_t ByteCoder::write_table(std::byte* to) const {
  const std::span<const std::uint16_t> frequencies = table_.frequencies();
  for (std::size_t i = 0; i < kBitmap; ++i) {
    unsigned bits = 0;
    for (std::size_t b = 0; b < 8; ++b) bits |= (frequencies[8 * i + b] > 0 ? 1u : 0u) << b;
    to[i] = static_cast<std::byte>(bits);
  }
  BitWriter out(to + kBitmap);
  for (const std::uint16_t f : frequencies) {
    if (f == 0) continue;
    const auto below = static_cast<unsigned>(std::bit_width(f)) - 1;
    out.put_unary(below);
    out.put(f & ((1u << below) - 1), below);
  }
  return static_cast<std::size_t>(out.finish() - to);
}

std::size_t ByteCoder::read_table(std::span<const std::byte> from) {
  if (from.size() < kBitmap) return 0;
  BitReader in(from.subspan(kBitmap));
  for (std::size_t b = 0; b < kSymbols; ++b) {
    frequencies_[b] = 0;
    if (((from[b / 8] >> (b % 8)) & std::byte{1}) == std::byte{0}) continue;
    const std::uint32_t below = in.get_unary(SymbolTable::kScaleBits);
    if (below > SymbolTable::kScaleBits) return 0;
    frequencies_[b] = static_cast<std::uint16_t>((1u << below) | in.get(below));
    if (!in.good()) return 0;
  }
  return in.align() && table_.set(frequencies_) ? kBitmap + in.position() : 0;
}

std::size_t ByteCoder::code_block(std::span<const std::uint8_t> block) {
  count(block);
  if (!is_compressible(block.size())) return 0;
  table_.fit(counts_);
  words_.resize(std::max(words_.size(), block.size() + 1));
  stream_.resize(std::max(stream_.size(), kMostTable + rans_bound(block.size())));
  const std::size_t table = write_table(stream_.data());
  const std::size_t size = table + encode_rans(block, table_, words_, stream_.data() + table);
  return size < block.size() ? size : 0;
}

std::size_t ByteCoder::encode(std::span<const std::byte> bytes, std::byte* to) {
  const std::byte* start = to;
  for (std::size_t i = 0; i < bytes.size(); i += kBlock) {
    const std::span<const std::byte> block = bytes.subspan(i, std::min(kBlock, bytes.size() - i));
    const std::size_t size = code_block(as_symbols(block));
    *to++ = size > 0 ? kCoded : kPlain;
    to = size > 0 ? std::copy_n(stream_.begin(), size, to) : std::copy(block.begin(), block.end(), to);
  }
  return static_cast<std::size_t>(to - start);
}

base::Result<std::size_t> ByteCoder::decode_block(std::span<const std::byte> coded, std::span<std::uint8_t> block) {
  if (coded.empty()) return truncated(0);
  const std::byte form = coded[0];
  coded = coded.subspan(1);
  if (form == kPlain) {
    if (coded.size() < block.size()) return truncated(coded.size());
    std::copy_n(as_symbols(coded).begin(), block.size(), block.begin());
    if (code_block(block) > 0) return not_canonical("a block of bytes");
    return 1 + block.size();
  }
  if (form != kCoded) return wrong_code(0);
  const std::size_t table = read_table(coded);
  if (table == 0) return wrong_code(0);
  const std::size_t stream = decode_rans(coded.subspan(table), table_, block);
  if (stream == 0) return wrong_code(0);
  count(block);
  expected_.fit(counts_);
  const bool canonical = table + stream < block.size() && is_compressible(block.size()) &&
                         std::ranges::equal(expected_.frequencies(), table_.frequencies());
  if (!canonical) return not_canonical("a block of bytes");
  return 1 + table + stream;
}

base::Result<void> ByteCoder::decode(std::span<const std::byte> coded, std::span<std::byte> bytes) {
  const std::span<std::uint8_t> symbols(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < symbols.size(); i += kBlock) {
    const auto used = decode_block(coded.subspan(at), symbols.subspan(i, std::min(kBlock, symbols.size() - i)));
    if (!used) return used.refusal();
    at += *used;
  }
  if (at != coded.size()) return wrong_size(coded.size(), at);
  return {};
}

}  // namespace parley::compression
