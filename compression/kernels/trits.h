// Levels -1, 0 and 1 as digits of base three, five to a byte.
//
//   A stretch of n levels is cut into groups of 320, the last one shorter. A group of r levels takes m = ceil(r / 5)
//   bytes; byte j holds the digits of levels j, j + m, .., j + 4 m, the first of them least significant. The digit of
//   0 is 0, of 1 is 1 and of -1 is 2; digits past the group's end are 0, and no byte is above 242.
//
// Digits that share a byte stand m apart, so that whole vectors are packed and unpacked without moving lanes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "compression/kernels/levels.h"

namespace parley::compression::kernels {

inline constexpr std::size_t kTritGroup = 320;

/// The bytes of n levels.
constexpr std::size_t trit_bytes(std::size_t n) {
  return (n + 4) / 5;
}

/// Level i is sign(x_i) with probability min(r_i, 1), else 0: as quantise (see levels.h) with a grid whose top is 1.
void draw_trits(const float* x, std::size_t n, const LevelGrid& grid, const base::PhiloxInput& key,
                std::uint32_t first_block, std::byte* to);

/// The smallest magnitudes, as bits, that count on either side: 1 .. 2^31 - 1.
struct TritThresholds {
  std::uint32_t positive, negative;
};

/// Level i is sign(x_i) if |x_i| reaches the threshold of its side, else 0.
void threshold_trits(const float* x, std::size_t n, const TritThresholds& least, std::byte* to);

/// y_i += plus where level i is 1, minus where it is -1, and 0 where it is 0. The bytes are valid.
void add_trits(const std::byte* from, std::size_t n, float plus, float minus, float* y);

/// True if these are trit_bytes(n) bytes that n levels could have been packed into.
bool trits_are_valid(const std::byte* from, std::size_t n);

struct TritsSeen {
  bool positive, negative;  ///< whether any level is 1, or -1
};
/// Of valid bytes.
TritsSeen trits_seen(const std::byte* from, std::size_t n);

}  // namespace parley::compression::kernels
