// Which atoms of a decomposition are sent, and how often (Wang et al. 2018, ATOMO).
#pragma once

#include <cstddef>
#include <span>

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

}  // namespace parley::compression
