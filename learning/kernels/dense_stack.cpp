#include "learning/kernels/dense_stack.h"

#include <algorithm>

#include "base/error.h"
#include "learning/kernels/elementwise.h"

namespace parley::learning {

void activate(Activation activation, std::span<float> a) {
  activation == Activation::relu ? relu(a) : tanh(a);
}

void activate_backward(Activation activation, std::span<const float> a, std::span<float> d) {
  activation == Activation::relu ? relu_backward(a, d) : tanh_backward(a, d);
}

DenseStack::DenseStack(base::ParameterLayout& layout, std::size_t inputs, std::span<const std::size_t> hidden,
                       std::size_t outputs, Activation activation)
    : activation_(activation) {
  for (std::size_t width : hidden) {
    layers_.push_back(add_dense(layout, fmt::format("hidden{}.", layers_.size()), inputs, width));
    inputs = width;
  }
  layers_.push_back(add_dense(layout, "output.", inputs, outputs));
}

DenseStack::Pass DenseStack::make_pass(std::size_t max_rows) const {
  Pass pass;
  std::size_t widest = 0;
  for (const DenseLayer& layer : layers_) {
    pass.values.emplace_back(max_rows * layer.outputs);
    widest = std::max(widest, layer.outputs);
  }
  if (layers_.size() > 1) {
    for (auto& d : pass.d) d.resize(max_rows * widest);
  }
  return pass;
}

void DenseStack::initialize(base::Random& random, std::span<float> x) const {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const DenseLayer& layer = layers_[l];
    const bool rectified = activation_ == Activation::relu && l + 1 < layers_.size();
    initialize_dense(layer, rectified ? he_bound(layer.inputs) : glorot_bound(layer.inputs, layer.outputs), random, x);
  }
}

std::span<float> DenseStack::forward(std::span<const float> x, std::size_t rows, const float* in, Pass& pass) const {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const std::span<float> out = std::span(pass.values[l]).first(rows * layers_[l].outputs);
    dense_forward(layers_[l], x, rows, in, out.data());
    if (l + 1 == layers_.size()) return out;
    activate(activation_, out);
    in = out.data();
  }
  return {};
}

void DenseStack::backward(std::span<const float> x, std::size_t rows, const float* in, Write write, Pass& pass,
                          std::span<float> g, float* d_in) const {
  const float* d_out = pass.values.back().data();
  for (std::size_t l = layers_.size(); l-- > 0;) {
    const float* layer_in = l == 0 ? in : pass.values[l - 1].data();
    dense_backward_parameters(layers_[l], rows, layer_in, d_out, write, g);
    if (l == 0) break;
    const std::span<float> d = std::span(pass.d[l % 2]).first(rows * layers_[l].inputs);
    dense_backward_input(layers_[l], x, rows, d_out, d.data());
    activate_backward(activation_, std::span(pass.values[l - 1]).first(d.size()), d);
    d_out = d.data();
  }
  if (d_in != nullptr) dense_backward_input(layers_.front(), x, rows, d_out, d_in);
}

}  // namespace parley::learning
