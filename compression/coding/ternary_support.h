// Which coordinates of a block keep a level of 1 or -1, and what their magnitude is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compression/compressor.h"
#include "compression/kernels/support.h"

namespace parley::compression {

using kernels::Side;

/// The coordinates of a side whose magnitude is at least `least` (bits of a float, at least 1).
struct Support {
  std::uint32_t least;
  float mean;  ///< of their magnitudes; 0 if that is not a normal float or there are none, and least is then kNothing
};

/// Above the bits of every magnitude.
inline constexpr std::uint32_t kNothing = 0x7FFFFFFF;

/// The bits of the smallest float above t. Precondition: 0 <= t < the largest float.
std::uint32_t least_above(double t);

/// The support from `least` on. x is finite.
Support support_from(const float* x, std::size_t n, Side side, std::uint32_t least);

/// Room for the magnitudes that have to be sorted, which grows to the longest block.
struct SupportState final : State {
  std::vector<float> magnitudes, sorted;
};

/// The support and mean a with the least |x - a t|^2 of all on this side, t being 1 on the support: of the k largest
/// magnitudes, with sum c_k, those for which c_k^2 / k is largest (Li, Zhang, Liu 2016). Equal magnitudes are in or out
/// together, and of equal optima the smallest counts. c_k is summed in double, as if from the largest magnitude on.
/// Takes time in proportion to n. x is finite.
Support optimal_support(const float* x, std::size_t n, Side side, SupportState& state);

/// The part of |x|^2 that the optimal support keeps of any n coordinates, at least: 1 / sum (sqrt(k) - sqrt(k-1))^2.
///
/// If c_k <= sqrt(k) for all k, then the sorted magnitudes are weakly majorised by sqrt(k) - sqrt(k-1), which itself is
/// sorted, and so is no larger in the sum of squares; and these magnitudes attain it.
double optimal_support_delta(std::size_t n);

}  // namespace parley::compression
