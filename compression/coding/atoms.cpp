#include "compression/coding/atoms.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace parley::compression {
namespace {

constexpr std::size_t kPartialSums = 16;
constexpr int kMostPasses = 100;

/// What lies on either side of a threshold.
struct Split {
  std::size_t exact = 0;  // at or above it
  double exact_energy = 0;
  double random_length = 0;  // below
};

double halved(std::array<double, kPartialSums>& sums) {
  for (std::size_t half = kPartialSums / 2; half > 0; half /= 2)
    for (std::size_t j = 0; j < half; ++j) sums[j] += sums[j + half];
  return sums[0];
}

Split split(std::span<const float> coefficients, float threshold) {
  std::array<double, kPartialSums> energies{}, lengths{};
  std::array<std::uint32_t, kPartialSums> counts{};
  const auto add = [&](std::size_t lane, float coefficient) {
    const float magnitude = std::abs(coefficient);
    const bool exact = magnitude >= threshold;
    const double wide = static_cast<double>(magnitude);
    counts[lane] += exact ? 1 : 0;
    energies[lane] += exact ? wide * wide : 0.0;
    lengths[lane] += exact ? 0.0 : wide;
  };
  std::size_t i = 0;
  for (; i + kPartialSums <= coefficients.size(); i += kPartialSums)
    for (std::size_t lane = 0; lane < kPartialSums; ++lane) add(lane, coefficients[i + lane]);
  for (std::size_t lane = 0; i < coefficients.size(); ++i, ++lane) add(lane, coefficients[i]);
  Split result;
  for (const std::uint32_t count : counts) result.exact += count;
  result.exact_energy = halved(energies);
  result.random_length = halved(lengths);
  return result;
}

}  // namespace

AtomProbabilities balance(std::span<const float> coefficients, double budget) {
  // From above: the more atoms are certain, the less is left for the others, and the lower the threshold. A threshold
  // that is too high is only less than optimal, so a limit on the passes does no harm.
  float threshold = std::numeric_limits<float>::infinity();
  Split now = split(coefficients, threshold);
  for (int pass = 0; pass < kMostPasses; ++pass) {
    const double left = budget - static_cast<double>(now.exact);
    if (now.random_length <= 0 || left <= 0) break;
    // Rounded down, so that as many atoms as the budget has are all certain.
    const double wanted = now.random_length / left;
    auto next = static_cast<float>(wanted);
    if (static_cast<double>(next) > wanted) next = std::nextafter(next, 0.0f);
    if (!(next < threshold)) break;
    threshold = next;
    const Split after = split(coefficients, threshold);
    const bool same = after.exact == now.exact;
    now = after;
    if (same) break;
  }
  if (now.random_length <= 0) threshold = 0;
  return {threshold, now.exact_energy, now.random_length};
}

}  // namespace parley::compression
