// Floats counted by their upper sixteen bits: sign, exponent and seven bits of the fraction.
//
// What a codebook needs to know of a vector is how many of its coordinates lie where, and their sums there. A bin is
// at most 2^-7 of its values wide (but for the denormals, which are few bins), there are never more than 65536, and the
// sum in each is exact, because it is kept in integers: it does not depend on the order of the coordinates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace parley::compression {

class FloatBins {
 public:
  struct Bin {
    std::uint16_t key;  ///< the upper half of each of its floats
    double count;
    double sum;
    double mean() const { return sum / count; }
  };

  /// The upper half of a float.
  static std::uint16_t key(float value);

  FloatBins();

  /// Counts x alone. False if x has a NaN or an infinity; the bins are then unspecified. Precondition: fewer than 2^32.
  bool count(std::span<const float> x);

  /// The bins that are not empty, ascending by value, as of the last count().
  std::span<const Bin> bins() const { return bins_; }

 private:
  void collect();
  void append_group(std::size_t group, bool negative);

  std::vector<std::uint64_t> packed_;  // count in the upper 24 bits, sum of the lower halves below, of a chunk
  std::vector<std::uint32_t> counts_;  // of the chunks before
  std::vector<std::uint64_t> lows_;    // sums of lower halves of the chunks before
  std::vector<std::uint8_t> touched_;  // whether any bin of one sign and exponent is in use
  std::vector<Bin> bins_;
};

}  // namespace parley::compression
