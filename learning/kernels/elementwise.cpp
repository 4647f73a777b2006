#include "learning/kernels/elementwise.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace parley::learning {

void relu(std::span<float> a) {
  for (float& value : a) value = value > 0.0f ? value : 0.0f;
}

void relu_backward(std::span<const float> a, std::span<float> d) {
  PARLEY_CHECK(a.size() == d.size(), a.size(), d.size());
  for (std::size_t i = 0; i < a.size(); ++i) d[i] = a[i] > 0.0f ? d[i] : 0.0f;
}

void tanh(std::span<float> a) {
  for (float& value : a) value = std::tanh(value);
}

void tanh_backward(std::span<const float> a, std::span<float> d) {
  PARLEY_CHECK(a.size() == d.size(), a.size(), d.size());
  for (std::size_t i = 0; i < a.size(); ++i) d[i] *= 1.0f - a[i] * a[i];
}

void sum_rows(ConstMatrix a, Write write, float* out) {
  if (write == Write::set) std::fill_n(out, a.columns, 0.0f);
  for (std::size_t r = 0; r < a.rows; ++r) {
    const float* row = a.data + r * a.stride;
    for (std::size_t j = 0; j < a.columns; ++j) out[j] += row[j];
  }
}

}  // namespace parley::learning
