#include "compression/coding/atoms.h"

namespace parley::compression {

AtomProbabilities balance(std::span<const float> coefficients, double budget) {
  return balance(
      budget, [&](float threshold) { return kernels::split_at(coefficients.data(), coefficients.size(), threshold); });
}

}  // namespace parley::compression
