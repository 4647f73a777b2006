#include "compression/coding/symbol_code.h"

#include <algorithm>

#include "compression/coding/refusal.h"
#include "compression/kernels/codebook.h"

namespace parley::compression {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 18;
constexpr std::byte kPlain{0}, kCoded{1};

std::size_t plain_size(std::size_t n, unsigned width) {
  return (n * width + 7) / 8;
}

}  // namespace

std::size_t SymbolCode::bound(std::size_t n, unsigned width) {
  // Blocks end on a byte.
  return plain_size(n, width) + (n + kBlock - 1) / kBlock;
}

void SymbolCode::count(std::span<const std::uint8_t> block) {
  // Four tables, because adding to a number that was just stored has to wait for it.
  std::array<SymbolCounts, 4> counts{};
  std::size_t i = 0;
  for (; i + 4 <= block.size(); i += 4)
    for (std::size_t j = 0; j < 4; ++j) ++counts[j][block[i + j]];
  for (; i < block.size(); ++i) ++counts[0][block[i]];
  for (std::size_t b = 0; b < counts_.size(); ++b)
    counts_[b] = counts[0][b] + counts[1][b] + counts[2][b] + counts[3][b];
}

std::size_t SymbolCode::code_block(std::span<const std::uint8_t> block, unsigned width) {
  count(block);
  if (!fit(counts_, block.size(), width)) return 0;
  stream_.resize(std::max(stream_.size(), most_bytes(block.size())));
  const std::size_t size = write(block, width, stream_.data());
  return size < plain_size(block.size(), width) ? size : 0;
}

std::size_t SymbolCode::encode(std::span<const std::uint8_t> symbols, unsigned width, std::byte* to) {
  const std::byte* start = to;
  for (std::size_t i = 0; i < symbols.size(); i += kBlock) {
    const auto block = symbols.subspan(i, std::min(kBlock, symbols.size() - i));
    const std::size_t size = code_block(block, width);
    *to++ = size > 0 ? kCoded : kPlain;
    if (size > 0) {
      to = std::copy_n(stream_.begin(), size, to);
    } else {
      kernels::pack_indices(block.data(), block.size(), width, to);
      to += plain_size(block.size(), width);
    }
  }
  return static_cast<std::size_t>(to - start);
}

base::Result<std::size_t> SymbolCode::decode_block(std::span<const std::byte> coded, unsigned width,
                                                   std::span<std::uint8_t> block) {
  if (coded.empty()) return truncated(0);
  const std::byte form = coded[0];
  const std::size_t plain = plain_size(block.size(), width);
  coded = coded.subspan(1);
  if (form == kPlain) {
    if (coded.size() < plain) return truncated(coded.size());
    const std::size_t pad = 8 * plain - block.size() * width;
    if (pad > 0 && (coded[plain - 1] >> (8 - pad)) != std::byte{0}) return not_canonical("the padding");
    kernels::unpack_indices(coded.data(), block.size(), width, block.data());
    if (code_block(block, width) > 0) return not_canonical("a block of symbols");
    return 1 + plain;
  }
  if (form != kCoded) return wrong_code(0);
  const std::size_t size = read(coded, width, block);
  if (size == 0) return wrong_code(0);
  count(block);
  if (size >= plain || !fit(counts_, block.size(), width) || !read_what_was_made())
    return not_canonical("a block of symbols");
  return 1 + size;
}

base::Result<std::size_t> SymbolCode::decode(std::span<const std::byte> coded, unsigned width,
                                             std::span<std::uint8_t> symbols) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < symbols.size(); i += kBlock) {
    const auto used = decode_block(coded.subspan(at), width, symbols.subspan(i, std::min(kBlock, symbols.size() - i)));
    if (!used) return used.refusal();
    at += *used;
  }
  return at;
}

}  // namespace parley::compression
