// Fully connected layers with an activation between them and a softmax at the end: all of an MLP, the last part of a
// convolutional net.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/layout.h"
#include "base/random.h"
#include "learning/kernels/dense.h"
#include "learning/model.h"

namespace parley::learning {

enum class Activation { relu, tanh };

void activate(Activation activation, std::span<float> a);
/// d *= the derivative of the activation, from its values a.
void activate_backward(Activation activation, std::span<const float> a, std::span<float> d);

/// Immutable; the memory of one pass is in a Pass.
class DenseStack {
 public:
  /// Appends "hidden0.weight", "hidden0.bias", ..., "output.weight", "output.bias" to the layout.
  DenseStack(base::ParameterLayout& layout, std::size_t inputs, std::span<const std::size_t> hidden,
             std::size_t outputs, Activation activation);

  struct Pass {
    std::vector<std::vector<float>> values;  ///< per layer: its outputs after the activation, rows x outputs
    std::vector<float> d[2];                 ///< gradients with respect to the values of two adjacent layers
  };
  Pass make_pass(std::size_t max_rows) const;

  void initialize(base::Random& random, std::span<float> x) const;
  /// Computes values for `rows` samples; `in` is rows x inputs. Returns the outputs, rows x outputs.
  std::span<float> forward(std::span<const float> x, std::size_t rows, const float* in, Pass& pass) const;
  /// After forward() with the same arguments and after the outputs were turned into their gradients in place: writes
  /// the gradient with respect to the parameters and, unless d_in is null, with respect to `in` (rows x inputs).
  void backward(std::span<const float> x, std::size_t rows, const float* in, Write write, Pass& pass,
                std::span<float> g, float* d_in) const;

 private:
  Activation activation_;
  std::vector<DenseLayer> layers_;
};

}  // namespace parley::learning
