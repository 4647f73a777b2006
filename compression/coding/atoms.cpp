#include "compression/coding/atoms.h"

#include <cmath>
#include <limits>

#include "compression/kernels/scan.h"

namespace parley::compression {
namespace {

constexpr int kMostPasses = 100;

}  // namespace

AtomProbabilities balance(std::span<const float> coefficients, double budget) {
  // From above: the more atoms are certain, the less is left for the others, and the lower the threshold. A threshold
  // that is too high is only less than optimal, so a limit on the passes does no harm.
  float threshold = std::numeric_limits<float>::infinity();
  kernels::Split now = kernels::split_at(coefficients.data(), coefficients.size(), threshold);
  for (int pass = 0; pass < kMostPasses; ++pass) {
    const double left = budget - static_cast<double>(now.count);
    if (now.length <= 0 || left <= 0) break;
    // Rounded down, so that as many atoms as the budget has are all certain.
    const double wanted = now.length / left;
    auto next = static_cast<float>(wanted);
    if (static_cast<double>(next) > wanted) next = std::nextafter(next, 0.0f);
    if (!(next < threshold)) break;
    threshold = next;
    const kernels::Split after = kernels::split_at(coefficients.data(), coefficients.size(), threshold);
    const bool same = after.count == now.count;
    now = after;
    if (same) break;
  }
  if (now.length <= 0) threshold = 0;
  return {threshold, now.energy, now.length};
}

}  // namespace parley::compression
