// Passes over activations: everything between two matrix products.
#pragma once

#include <cstddef>
#include <span>

#include "learning/kernels/gemm.h"

namespace parley::learning {

/// a = exp(a), within 1 unit in the last place. Checked nowhere: a <= 104.
void exp(std::span<float> a);
/// a = tanh(a), within 4 units in the last place.
void tanh(std::span<float> a);
/// d = d (1 - a^2), from the activations a = tanh(z). Checked: a and d have the same length.
void tanh_backward(std::span<const float> a, std::span<float> d);
/// a = max(a, 0).
void relu(std::span<float> a);
/// d = a > 0 ? d : 0, from the activations a = relu(z). Checked: a and d have the same length.
void relu_backward(std::span<const float> a, std::span<float> d);
/// The sum of a, as eight interleaved sums.
float sum(std::span<const float> a);
/// out[j] = or += the sum over the rows of a[r][j], rows in ascending order; out has a.columns floats.
void sum_rows(ConstMatrix a, Write write, float* out);

}  // namespace parley::learning
