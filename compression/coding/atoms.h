// Which atoms of a decomposition are sent, and how often (Wang et al. 2018, ATOMO).
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include "compression/kernels/scan.h"

namespace parley::compression {

/// The probabilities p_i = min(1, |c_i| / threshold) that minimise the variance sum c_i^2 / p_i of an unbiased estimate
/// that sends `budget` atoms on average.
struct AtomProbabilities {
  float threshold = 0;       ///< 0: every atom that is not zero is sent
  double exact_energy = 0;   ///< sum of c_i^2 where p_i = 1
  double random_length = 0;  ///< sum of |c_i| of the others

  /// E|estimate|^2 for orthonormal atoms; the variance is this less the energy of c.
  double second_moment() const { return exact_energy + static_cast<double>(threshold) * random_length; }
};

/// For budget > 0. Sums in double, in sixteen partial sums as kernels/scan.h describes, so that the result is the same
/// everywhere. The sum of the probabilities never exceeds the budget, up to rounding.
AtomProbabilities balance(std::span<const float> coefficients, double budget);

/// The same, of coefficients of which split_at(threshold) is kernels::split_at.
template <class SplitAt>
AtomProbabilities balance(double budget, const SplitAt& split_at) {
  // From above: the more atoms are certain, the less is left for the others, and the lower the threshold. A threshold
  // that is too high is only less than optimal, so a limit on the passes does no harm.
  float threshold = std::numeric_limits<float>::infinity();
  kernels::Split now = split_at(threshold);
  constexpr int kMostPasses = 100;
  for (int pass = 0; pass < kMostPasses; ++pass) {
    const double left = budget - static_cast<double>(now.count);
    if (now.length <= 0 || left <= 0) break;
    // Rounded down, so that as many atoms as the budget has are all certain.
    const double wanted = now.length / left;
    auto next = static_cast<float>(wanted);
    if (static_cast<double>(next) > wanted) next = std::nextafter(next, 0.0f);
    if (!(next < threshold)) break;
    threshold = next;
    const kernels::Split after = split_at(threshold);
    const bool same = after.count == now.count;
    now = after;
    if (same) break;
  }
  if (now.length <= 0) threshold = 0;
  return {threshold, now.energy, now.length};
}

}  // namespace parley::compression
