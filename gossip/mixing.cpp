#include "gossip/mixing.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/error.h"

namespace parley::gossip {
namespace {

/// Floats that are worked on at a time: the accumulator and a block of every stream stay in the first-level cache.
constexpr std::size_t kBlock = 1024;
/// Partial sums of squares run in this many lanes, whatever the width of the machine's vectors.
constexpr std::size_t kLanes = 16;

/// Sum of squares of at most kBlock floats: single precision within the block, so that it vectorises.
double block_energy(const float* values, std::size_t n) {
  std::array<float, kLanes> lanes{};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += values[i + lane] * values[i + lane];
  }
  for (; i < n; ++i) lanes[i % kLanes] += values[i] * values[i];
  double sum = 0;
  for (float lane : lanes) sum += static_cast<double>(lane);
  return sum;
}

}  // namespace

double subtract(std::span<const float> x, std::span<const float> reference, std::span<float> difference) {
  PARLEY_CHECK(x.size() == reference.size() && x.size() == difference.size(), x.size(), reference.size(),
               difference.size());
  double energy = 0;
  for (std::size_t start = 0; start < x.size(); start += kBlock) {
    const std::size_t n = std::min(kBlock, x.size() - start);
    for (std::size_t i = start; i < start + n; ++i) difference[i] = x[i] - reference[i];
    energy += block_energy(&difference[start], n);
  }
  return energy;
}

double mix(std::span<float> x, std::span<const float> own, std::span<const Term> terms) {
  PARLEY_CHECK(x.size() == own.size(), x.size(), own.size());
  for (const Term& term : terms) PARLEY_CHECK(term.replica.size() == x.size(), term.replica.size(), x.size());
  std::array<float, kBlock> sum;
  std::array<float, kBlock> residual;
  double energy = 0;
  for (std::size_t start = 0; start < x.size(); start += kBlock) {
    const std::size_t n = std::min(kBlock, x.size() - start);
    const float* x_hat_i = &own[start];
    float* model = &x[start];
    for (std::size_t i = 0; i < n; ++i) {
      residual[i] = model[i] - x_hat_i[i];
      sum[i] = 0;
    }
    energy += block_energy(residual.data(), n);
    for (const Term& term : terms) {
      const float c = term.coefficient;
      const float* x_hat_j = &term.replica[start];
      for (std::size_t i = 0; i < n; ++i) sum[i] += c * (x_hat_j[i] - x_hat_i[i]);
    }
    for (std::size_t i = 0; i < n; ++i) model[i] += sum[i];
  }
  return energy;
}

double squared_distance(std::span<const float> a, std::span<const float> b) {
  PARLEY_CHECK(a.size() == b.size(), a.size(), b.size());
  std::array<float, kBlock> difference;
  double energy = 0;
  for (std::size_t start = 0; start < a.size(); start += kBlock) {
    const std::size_t n = std::min(kBlock, a.size() - start);
    for (std::size_t i = 0; i < n; ++i) difference[i] = a[start + i] - b[start + i];
    energy += block_energy(difference.data(), n);
  }
  return energy;
}

}  // namespace parley::gossip
