// Levels in Elias gamma codes, one bucket after the other in a stream of bits.
//
//   bucket := form:2 bits, then in the form that takes fewest bits, of equals the first:
//     0, sparse   for every level that is not 0: gamma(zeros before it + 1), sign, gamma(|level|); then, for the end of
//                 the bucket, gamma(zeros before it + 1)
//     1, dense    for every level: gamma(|level| + 1), and the sign unless it is 0
//     2, fixed    every level in two's complement of `width` bits
//   gamma(n) := floor(log2 n) zero bits, a one, and the floor(log2 n) lower bits of n, least significant first
//   sign     := 1 for negative
#pragma once

#include <cstddef>
#include <cstdint>

#include "compression/coding/bit_stream.h"

namespace parley::compression {

enum class LevelForm : std::uint8_t { sparse = 0, dense = 1, fixed = 2 };

struct LevelSize {
  LevelForm form;
  std::size_t bits;
};

/// Levels from -s to s, of `width` bits in two's complement.
struct LevelAlphabet {
  unsigned s, width;
};

/// The shortest form of n levels, with the two bits that name it.
LevelSize elias_size(const std::int16_t* levels, std::size_t n, const LevelAlphabet& alphabet);

/// What n levels may take at most.
constexpr std::size_t max_elias_bits(std::size_t n, const LevelAlphabet& alphabet) {
  return 2 + n * alphabet.width;
}

void put_levels(BitWriter& to, const std::int16_t* levels, std::size_t n, const LevelAlphabet& alphabet);

/// Reads n levels. False, with the levels unspecified, if the bits are not what put_levels writes; the caller asks the
/// reader whether they ended too soon.
bool get_levels(BitReader& from, std::size_t n, const LevelAlphabet& alphabet, std::int16_t* levels);

/// The expected bits for a coordinate, of long buckets of independent levels, level +-l with probability
/// probabilities[l] together.
double expected_elias_bits(const double* probabilities, const LevelAlphabet& alphabet);

}  // namespace parley::compression
