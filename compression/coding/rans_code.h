// Symbols by rANS (see rans.h).
//
//   table     := max(1, 2^width/8) x u8, frequency*    bit s % 8 of byte s / 8 is 1 if symbol s occurs; then the
//                                                      frequency of each that does, of 2^12 in all
//   frequency := its bits below the highest in number as zeros, a one, and these bits (Elias gamma); bits go least
//                significant first and are padded with zeros to a byte at the end of the table
//   stream                                             as in rans.h
//
// Not worth a try is a block with 31 2^width sum_s count_s^2 <= 32 n^2: its entropy is above width - 0.05 bits.
#pragma once

#include "compression/coding/rans.h"
#include "compression/coding/symbol_code.h"

namespace parley::compression {

class RansCode final : public SymbolCode {
 public:
  RansCode();

 private:
  bool fit(const SymbolCounts& counts, std::size_t n, unsigned width) override;
  std::size_t most_bytes(std::size_t n) const override;
  std::size_t write(std::span<const std::uint8_t> block, unsigned width, std::byte* to) override;
  std::size_t read(std::span<const std::byte> from, unsigned width, std::span<std::uint8_t> block) override;
  bool read_what_was_made() const override;
  std::size_t write_table(unsigned width, std::byte* to) const;
  /// The bytes that the table took; 0 if it is none.
  std::size_t read_table(std::span<const std::byte> from, unsigned width);

  SymbolTable made_, read_;
  std::vector<std::uint16_t> frequencies_;
  std::vector<std::uint16_t> words_;
};

}  // namespace parley::compression
