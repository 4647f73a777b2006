// Symbols by a canonical Huffman code, as the indices of Deep Compression have it (Han, Mao, Dally 2016).
//
//   table  := max(1, 2^(width-1)) x u8     the length of each symbol's code in four bits, the even symbol in the lower
//                                          ones; 0 for what does not occur, else at most 12
//   stream := ceil(bits/8) x u8            the codes, their first bit in the lowest place; pad bits are zero
//
// Lengths are Huffman's: the two lightest trees are joined until one is left, of equal ones symbols before joined
// trees, smaller symbols first, and older joined trees first. If a length exceeds 12, all counts are halved, rounded
// up, until none does. Codes are handed out in order of their lengths and then of the symbols, as in DEFLATE. A block
// of one symbol has the length 1 for it and an empty stream. Every other code is complete: the receiver refuses lengths
// whose sum of 2^-length is not 1.
#pragma once

#include "compression/coding/symbol_code.h"

namespace parley::compression {

class HuffmanCode final : public SymbolCode {
 public:
  static constexpr unsigned kLongest = 12;
  using Lengths = std::array<std::uint8_t, 256>;

  /// The lengths of the codes; 0 for a count of 0. Precondition: a count is not 0.
  static Lengths lengths_of(SymbolCounts counts);

 private:
  struct Word {
    std::uint16_t bits;
    std::uint8_t length;
  };
  struct Slot {
    std::uint8_t symbol, length;
  };

  bool fit(const SymbolCounts& counts, std::size_t n, unsigned width) override;
  std::size_t most_bytes(std::size_t n) const override;
  std::size_t write(std::span<const std::uint8_t> block, unsigned width, std::byte* to) override;
  std::size_t read(std::span<const std::byte> from, unsigned width, std::span<std::uint8_t> block) override;
  bool read_what_was_made() const override { return made_ == read_; }
  /// Lays out the slots of read_. False if it is no code.
  bool lay_out();
  std::size_t read_stream(std::span<const std::byte> from, std::span<std::uint8_t> block) const;

  Lengths made_{}, read_{};
  std::array<Slot, std::size_t{1} << kLongest> slots_{};  // by the next bits of the stream
};

}  // namespace parley::compression
