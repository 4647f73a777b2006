#include "learning/kernels/dense.h"

#include <algorithm>
#include <cmath>

#include "learning/kernels/elementwise.h"
#include "learning/kernels/gemm.h"

namespace parley::learning {

DenseLayer add_dense(base::ParameterLayout& layout, const std::string& prefix, std::size_t inputs, std::size_t outputs,
                     Bias bias) {
  DenseLayer layer{.inputs = inputs, .outputs = outputs, .weight_offset = layout.size()};
  layout.add(prefix + "weight", {outputs, inputs});
  if (bias == Bias::none) return layer;
  layer.bias_offset = layout.size();
  layout.add(prefix + "bias", {outputs});
  return layer;
}

void dense_forward(const DenseLayer& layer, std::span<const float> x, std::size_t rows, const float* in, float* out) {
  const ConstMatrix weight(x.data() + layer.weight_offset, layer.outputs, layer.inputs);
  Write write = Write::set;
  if (layer.has_bias()) {  // the product is added to the bias: no pass of its own
    for (std::size_t r = 0; r < rows; ++r)
      std::copy_n(x.data() + layer.bias_offset, layer.outputs, out + r * layer.outputs);
    write = Write::add;
  }
  multiply_transposed_right({in, rows, layer.inputs}, weight, write, {out, rows, layer.outputs});
}

void dense_backward_parameters(const DenseLayer& layer, std::size_t rows, const float* in, const float* d_out,
                               Write write, std::span<float> g) {
  multiply_transposed_left({d_out, rows, layer.outputs}, {in, rows, layer.inputs}, write,
                           {g.data() + layer.weight_offset, layer.outputs, layer.inputs});
  if (layer.has_bias()) sum_rows({d_out, rows, layer.outputs}, write, g.data() + layer.bias_offset);
}

void dense_backward_input(const DenseLayer& layer, std::span<const float> x, std::size_t rows, const float* d_out,
                          float* d_in) {
  multiply({d_out, rows, layer.outputs}, {x.data() + layer.weight_offset, layer.outputs, layer.inputs}, Write::set,
           {d_in, rows, layer.inputs});
}

void initialize_dense(const DenseLayer& layer, double bound, base::Random& random, std::span<float> x) {
  for (float& weight : x.subspan(layer.weight_offset, layer.weight_count()))
    weight = static_cast<float>(bound * (2.0 * static_cast<double>(random.uniform()) - 1.0));
  if (layer.has_bias()) std::ranges::fill(x.subspan(layer.bias_offset, layer.outputs), 0.0f);
}

double he_bound(std::size_t fan_in) {
  return std::sqrt(6.0 / static_cast<double>(fan_in));
}

double glorot_bound(std::size_t fan_in, std::size_t fan_out) {
  return std::sqrt(6.0 / static_cast<double>(fan_in + fan_out));
}

}  // namespace parley::learning
