// What stands at the end of a model: from its outputs and the targets to losses and their gradients.
#pragma once

#include <cstddef>
#include <span>

#include "learning/model.h"

namespace parley::learning {

/// A loss of `outputs` numbers per sample. Sums run over the samples in ascending order, in double precision.
struct Head {
  /// Returns the sum of the losses, and turns z, rows x outputs, into weight times the gradient of that sum with
  /// respect to z.
  double (*gradient)(std::size_t outputs, std::span<float> z, std::span<const float> targets, float weight);
  /// What z holds afterwards is of no use.
  Model::Score (*score)(std::size_t outputs, std::span<float> z, std::span<const float> targets);
};

/// Cross-entropy of the softmax of z with the class numbers in `targets`. The largest z is the prediction, the first of
/// them on a tie.
const Head& softmax_head();
/// One output: log(1 + exp(-s z)), s = +1 for target 1 and -1 for target 0. Predicts 1 where z > 0.
const Head& logistic_head();
/// One output: (z - target)^2 / 2. Nothing to count as correct.
const Head& squared_head();

}  // namespace parley::learning
