// Bytes in as few bits as their frequencies allow, by rANS (see rans.h), with a table for every block.
//
//   coded  := block*                       every 2^18 bytes, the last block shorter
//   block  := 0 u8, bytes                  as they are
//           | 1 u8, table, stream          as in rans.h
//   table  := 32 x u8, frequency*          bit b % 8 of byte b / 8 is 1 if the byte b occurs; then the frequency of
//   each
//                                          that does, of 2^12 in all
//   frequency := its bits below the highest in number as zeros, a one, and these bits (Elias gamma); bits go least
//                significant first and are padded with zeros to a byte at the end of the table
//
// A block is coded if that is shorter than leaving it as it is, but not if 248 sum_b count_b^2 <= length^2: then its
// entropy is above 7.95 bits a byte, and nobody tries. The receiver refuses any other choice, and any frequencies but
// those that follow from the counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "compression/coding/rans.h"

namespace parley::compression {

/// Codes and decodes; keeps what it needs for that, so that it allocates on its first calls only.
class ByteCoder {
 public:
  ByteCoder();

  /// An upper bound on what encode writes for n bytes.
  static std::size_t bound(std::size_t n);

  /// Writes `bytes` coded and returns the bytes written.
  std::size_t encode(std::span<const std::byte> bytes, std::byte* to);

  /// The inverse; `bytes` has the length of what was coded. Refuses everything that encode does not write.
  base::Result<void> decode(std::span<const std::byte> coded, std::span<std::byte> bytes);

 private:
  void count(std::span<const std::uint8_t> block);
  /// True if the block is worth a try.
  bool is_compressible(std::size_t length) const;
  /// Codes a block into stream_ and returns its size; 0 if it is to be left as it is.
  std::size_t code_block(std::span<const std::uint8_t> block);
  std::size_t write_table(std::byte* to) const;
  /// The bytes that the table took; 0 if it is none.
  std::size_t read_table(std::span<const std::byte> from);
  base::Result<std::size_t> decode_block(std::span<const std::byte> coded, std::span<std::uint8_t> block);

  SymbolTable table_;
  SymbolTable expected_;
  std::vector<std::uint32_t> counts_;
  std::vector<std::uint16_t> frequencies_;
  std::vector<std::uint16_t> words_;
  std::vector<std::byte> stream_;
};

}  // namespace parley::compression
