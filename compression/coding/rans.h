// Entropy coding of a few symbols by asymmetric numeral systems (Duda 2014), with the frequencies of what is coded.
//
// Four states take turns. State x codes a symbol of frequency f, of the 2^12 in all, and of cumulative frequency c as
//   x := (x / f) 2^12 + x mod f + c,  after the lower 16 bits of x were put away if x would not fit 32 bits else,
// beginning at 2^16 and with the last symbol. Words come out last first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace parley::compression {

/// The frequencies of up to 256 symbols, and what follows from them.
class SymbolTable {
 public:
  static constexpr unsigned kScaleBits = 12;
  static constexpr std::uint32_t kScale = 1u << kScaleBits;
  static constexpr std::size_t kMostSymbols = 256;

  explicit SymbolTable(std::size_t symbols);

  /// Frequencies that add up to 2^12, at least 1 for what occurs: floor(2^12 count / total), the first of the most
  /// frequent ones makes up for what is missing, or the first of the most frequent gives what is too much, as often as
  /// it must. Precondition: a count is not 0, and none is above 2^32 / 2^12.
  void fit(std::span<const std::uint32_t> counts);

  /// False if they do not add up to 2^12.
  bool set(std::span<const std::uint16_t> frequencies);

  std::span<const std::uint16_t> frequencies() const { return frequencies_; }
  std::uint32_t begin(std::size_t symbol) const { return begins_[symbol]; }
  /// The symbol whose interval holds the slot, below 2^12.
  std::uint8_t symbol_at(std::uint32_t slot) const { return symbols_[slot]; }

 private:
  void lay_out();

  std::vector<std::uint16_t> frequencies_;
  std::vector<std::uint32_t> begins_;
  std::vector<std::uint8_t> symbols_;  ///< of every slot
};

/// The four states and the words of n symbols, appended to nothing: writes at most rans_bound(n) bytes and returns how
/// many. `scratch` has room for n words.
std::size_t encode_rans(std::span<const std::uint8_t> symbols, const SymbolTable& table,
                        std::span<std::uint16_t> scratch, std::byte* to);

constexpr std::size_t rans_bound(std::size_t n) {
  return 4 * sizeof(std::uint32_t) + n * sizeof(std::uint16_t);
}

/// Reads as many symbols as there is room for and returns the bytes that they took; 0 if encode_rans does not write
/// such bytes.
std::size_t decode_rans(std::span<const std::byte> from, const SymbolTable& table, std::span<std::uint8_t> symbols);

}  // namespace parley::compression
