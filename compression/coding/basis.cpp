#include "compression/coding/basis.h"

#include <cmath>

namespace parley::compression {
namespace {

/// The basis with the vectors value(j, i), rounded.
template <class Value>
Basis make(Value value) {
  Basis basis;
  for (std::size_t j = 0; j < kBasisOrder; ++j) {
    for (std::size_t i = 0; i < kBasisOrder; ++i) {
      const auto rounded = static_cast<float>(value(j, i));
      basis.synthesis[j * kBasisOrder + i] = rounded;
      basis.analysis[i * kBasisOrder + j] = rounded;
    }
  }
  return basis;
}

Basis make_cosines() {
  // cos(pi m / 128) from halved angles and then cos((m + 1) t) = 2 cos(t) cos(m t) - cos((m - 1) t).
  constexpr std::size_t kPeriod = 4 * kBasisOrder;
  double step = 0;  // cos(pi / 2)
  for (std::size_t halves = 2; halves < 2 * kBasisOrder; halves *= 2) step = std::sqrt((1 + step) / 2);
  std::array<double, kPeriod> cosines;
  cosines[0] = 1;
  cosines[1] = step;
  for (std::size_t m = 2; m < kPeriod; ++m) cosines[m] = 2 * step * cosines[m - 1] - cosines[m - 2];
  const double constant = std::sqrt(1.0 / kBasisOrder), others = std::sqrt(2.0 / kBasisOrder);
  return make(
      [&](std::size_t j, std::size_t i) { return j == 0 ? constant : others * cosines[(2 * i + 1) * j % kPeriod]; });
}

Basis make_haar() {
  return make([](std::size_t j, std::size_t i) {
    if (j == 0) return std::sqrt(1.0 / kBasisOrder);
    std::size_t level = 1;  // 2^l: how many of this width there are
    while (2 * level <= j) level *= 2;
    const std::size_t width = kBasisOrder / level, start = (j - level) * width;
    if (i < start || i >= start + width) return 0.0;
    const double height = std::sqrt(1.0 / static_cast<double>(width));
    return i < start + width / 2 ? height : -height;
  });
}

}  // namespace

const Basis& cosine_basis() {
  static const Basis basis = make_cosines();
  return basis;
}

const Basis& haar_basis() {
  static const Basis basis = make_haar();
  return basis;
}

}  // namespace parley::compression
