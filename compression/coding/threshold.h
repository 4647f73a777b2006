// The exact magnitude above which k coordinates lie, in linear time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::compression {

/// Counters of the radix search, 8 KiB.
using RadixCounts = std::array<std::uint32_t, 2048>;

/// The k coordinates of largest magnitude, of equals those of smaller index, are the ones whose bits without the sign
/// exceed `magnitude` and the first `ties` of those that have it exactly. Zeros are never kept: with fewer than k
/// non-zero coordinates, magnitude and ties are 0.
struct Threshold {
  std::uint32_t magnitude;
  std::size_t ties;
};

/// Radix search over the 31 bits of the magnitudes, most significant first: three passes over x, in any case.
/// Precondition: every x_i is finite and 1 <= k <= x.size() < 2^32.
Threshold find_threshold(std::span<const float> x, std::size_t k, RadixCounts& counts);

}  // namespace parley::compression
