// Symbols of up to eight bits, coded by their frequencies, with a table for every block.
//
//   coded := block*                          every 2^18 symbols, the last block shorter
//   block := 0 u8, ceil(n*width/8) x u8      as they are: symbols of `width` bits, least significant first; pad bits
//                                            are zero
//          | 1 u8, table, stream             of the code
//
// A block is coded if that is shorter than leaving it as it is, and if the code takes it for worth a try. The receiver
// refuses any other choice, and any table but the one that follows from how often each symbol occurs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"

namespace parley::compression {

/// How often each symbol occurs; 0 for those that the width has no room for.
using SymbolCounts = std::array<std::uint32_t, 256>;

/// Codes and decodes; keeps what it needs for that, so that it allocates on its first calls only.
class SymbolCode {
 public:
  virtual ~SymbolCode() = default;

  /// An upper bound on what encode writes for n symbols.
  static std::size_t bound(std::size_t n, unsigned width);

  /// Writes symbols below 2^width, 1 <= width <= 8, and returns the bytes written.
  std::size_t encode(std::span<const std::uint8_t> symbols, unsigned width, std::byte* to);

  /// The inverse, of as many symbols as there is room for. Returns the bytes that they took, which may be followed by
  /// others. Refuses everything that encode does not write.
  base::Result<std::size_t> decode(std::span<const std::byte> coded, unsigned width, std::span<std::uint8_t> symbols);

 private:
  /// Makes the code of these counts of n symbols. False if it is not worth a try.
  virtual bool fit(const SymbolCounts& counts, std::size_t n, unsigned width) = 0;
  /// An upper bound on what write() writes for n symbols.
  virtual std::size_t most_bytes(std::size_t n) const = 0;
  /// Writes table and stream of the code that was made, and returns the bytes written.
  virtual std::size_t write(std::span<const std::uint8_t> block, unsigned width, std::byte* to) = 0;
  /// Reads a table and a stream. Returns the bytes that they took; 0 if write() writes no such bytes.
  virtual std::size_t read(std::span<const std::byte> from, unsigned width, std::span<std::uint8_t> block) = 0;
  /// Whether the table that was read is that of the code that was made last.
  virtual bool read_what_was_made() const = 0;

  void count(std::span<const std::uint8_t> block);
  /// Codes a block into stream_ and returns its size; 0 if it is to be left as it is.
  std::size_t code_block(std::span<const std::uint8_t> block, unsigned width);
  base::Result<std::size_t> decode_block(std::span<const std::byte> coded, unsigned width,
                                         std::span<std::uint8_t> block);

  SymbolCounts counts_{};
  std::vector<std::byte> stream_;
};

}  // namespace parley::compression
