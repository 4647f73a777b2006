// The passes over memory that mixing consists of. Elementwise with one rounding per operation, so that the result is
// the same on every machine; sums of squares have a fixed order too.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace parley::gossip {

/// One neighbour's part in a mixing step.
struct Term {
  float coefficient = 0;           ///< gamma * w_ij
  std::span<const float> replica;  ///< x_hat_j, d floats
};

/// difference = x - reference; returns |difference|^2. Checked: all have the same length.
double subtract(std::span<const float> x, std::span<const float> reference, std::span<float> difference);

/// x += sum_j c_j (x_hat_j - x_hat_i), summed in the order of the terms; returns |x - x_hat_i|^2 from before.
/// One pass over memory. x and x_hat_i are the coordinates from `first` on, of equal length; checked: the terms' d
/// floats reach as far.
double mix(std::span<float> x, std::span<const float> own, std::span<const Term> terms, std::size_t first = 0);

/// |a - b|^2. Checked: same length.
double squared_distance(std::span<const float> a, std::span<const float> b);

/// Floats of a block: several blocks fit a first-level cache together.
inline constexpr std::size_t kBlockFloats = 2048;
/// Calls body(first, n) for one block after the other of d coordinates: several passes over vectors, each block by
/// block, read memory once.
template <class Body>
void block_by_block(std::size_t d, Body&& body) {
  for (std::size_t first = 0; first < d; first += kBlockFloats) body(first, std::min(kBlockFloats, d - first));
}

}  // namespace parley::gossip
