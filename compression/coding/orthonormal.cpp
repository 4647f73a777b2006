#include "compression/coding/orthonormal.h"

#include <algorithm>
#include <cmath>

namespace parley::compression {
namespace {

double product(const double* a, const double* b, std::size_t m) {
  double sum = 0;
  for (std::size_t i = 0; i < m; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

void orthonormalise(std::span<float> vectors, std::size_t m, std::vector<double>& scratch) {
  if (scratch.size() < vectors.size()) scratch.resize(vectors.size());
  std::copy(vectors.begin(), vectors.end(), scratch.begin());
  double* const end = scratch.data() + vectors.size();
  for (double* v = scratch.data(); v != end; v += m) {
    const double before = std::sqrt(product(v, v, m));
    for (int pass = 0; pass < 2; ++pass) {
      for (const double* other = scratch.data(); other != v; other += m) {
        const double share = product(v, other, m);
        for (std::size_t i = 0; i < m; ++i) v[i] -= share * other[i];
      }
    }
    const double length = std::sqrt(product(v, v, m));
    if (length <= 1e-6 * before) {
      std::fill_n(v, m, 0.0);
    } else {
      for (std::size_t i = 0; i < m; ++i) v[i] /= length;
    }
  }
  std::transform(scratch.data(), end, vectors.begin(), [](double v) { return static_cast<float>(v); });
}

}  // namespace parley::compression
