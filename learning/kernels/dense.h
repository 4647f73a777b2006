// A fully connected layer, y = W a + b, over a batch: the building block of every model here.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/layout.h"
#include "base/random.h"
#include "learning/model.h"

namespace parley::learning {

/// Where one layer's parameters lie in the flat vector. W is outputs x inputs, row-major (as in PyTorch's Linear).
struct DenseLayer {
  static constexpr std::size_t kNoBias = static_cast<std::size_t>(-1);

  std::size_t inputs = 0, outputs = 0;
  std::size_t weight_offset = 0;
  std::size_t bias_offset = kNoBias;

  std::size_t weight_count() const { return inputs * outputs; }
  bool has_bias() const { return bias_offset != kNoBias; }
};

enum class Bias { none, yes };

/// Appends prefix + "weight" {outputs, inputs} and prefix + "bias" {outputs} to the layout.
DenseLayer add_dense(base::ParameterLayout& layout, const std::string& prefix, std::size_t inputs, std::size_t outputs,
                     Bias bias = Bias::yes);

// Below, `in` is rows x inputs, `out` and `d_out` are rows x outputs, all contiguous; x and g are the flat vectors.

/// out = in W^T + b.
void dense_forward(const DenseLayer& layer, std::span<const float> x, std::size_t rows, const float* in, float* out);
/// Gradient with respect to the parameters, from d_out = the gradient with respect to out.
void dense_backward_parameters(const DenseLayer& layer, std::size_t rows, const float* in, const float* d_out,
                               Write write, std::span<float> g);
/// d_in = d_out W.
void dense_backward_input(const DenseLayer& layer, std::span<const float> x, std::size_t rows, const float* d_out,
                          float* d_in);

/// Weights uniform on [-bound, bound), biases 0.
void initialize_dense(const DenseLayer& layer, double bound, base::Random& random, std::span<float> x);

/// Bound of the uniform distribution of He et al. 2015 (layers followed by a rectifier).
double he_bound(std::size_t fan_in);
/// Bound of the uniform distribution of Glorot and Bengio 2010 (layers followed by tanh or by the loss).
double glorot_bound(std::size_t fan_in, std::size_t fan_out);

}  // namespace parley::learning
