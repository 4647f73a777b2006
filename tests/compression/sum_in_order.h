// Sums in the order that the kernels promise.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "reference.h"

namespace parley::compression::test {

/// sum of f(x_i) of n coordinates: of every 65536 of them sixteen partial sums in turn, then halved; those are added.
template <class F>
double sum_in_order(const float* x, std::size_t n, F f) {
  constexpr std::size_t kChunk = 65536;
  double total = 0;
  for (std::size_t start = 0; start < n; start += kChunk) {
    std::vector<double> sums(16, 0.0);
    for (std::size_t i = 0; i < std::min(kChunk, n - start); ++i) sums[i % 16] += f(static_cast<double>(x[start + i]));
    while (sums.size() > 1) {
      const std::size_t half = sums.size() / 2;
      for (std::size_t j = 0; j < half; ++j) sums[j] += sums[half + j];
      sums.resize(half);
    }
    total += sums[0];
  }
  return total;
}

/// The same for i from start to end.
template <class F>
double sum_in_order(const Floats& x, std::size_t start, std::size_t end, F f) {
  return sum_in_order(x.data() + start, end - start, f);
}

}  // namespace parley::compression::test
