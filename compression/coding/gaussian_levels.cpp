#include "compression/coding/gaussian_levels.h"

#include <algorithm>
#include <cmath>

namespace parley::compression {
namespace {

constexpr double kFarthest = 9;  // beyond which a normal coordinate is not seen

/// P(|g| <= r) of a standard normal g.
double within(double r) {
  return std::erf(r / std::sqrt(2.0));
}

/// The mean norm of `length` standard normals, or nearly so.
double gaussian_norm(Norm norm, std::size_t length) {
  const double n = static_cast<double>(length);
  if (norm == Norm::l2) return std::sqrt(n);
  double mean = 0;
  constexpr double kStep = 0x1p-8;
  for (double r = kStep / 2; r < kFarthest; r += kStep) mean += kStep * (1 - std::pow(within(r), n));
  return mean;
}

}  // namespace

std::vector<double> gaussian_levels(Norm norm, std::size_t length, unsigned s) {
  std::vector<double> probabilities(s + 1);
  const double largest = gaussian_norm(norm, length);
  constexpr double kStep = 0x1p-10;
  double before = 0;
  for (double r = 0; r < kFarthest; r += kStep) {
    const double now = within(r + kStep), probability = now - before;
    before = now;
    const double level = std::min((r + kStep / 2) / largest, 1.0) * s;
    const auto lower = std::min<std::size_t>(static_cast<std::size_t>(level), s);
    const double fraction = level - static_cast<double>(lower);
    probabilities[lower] += probability * (1 - fraction);
    if (fraction > 0) probabilities[lower + 1] += probability * fraction;
  }
  return probabilities;
}

}  // namespace parley::compression
