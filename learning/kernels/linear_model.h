// Models that are linear in their features: one layer and a loss.
#pragma once

#include <memory>
#include <string>

#include "learning/kernels/head.h"
#include "learning/model.h"

namespace parley::learning {

struct LinearModelSettings {
  std::string spec;
  std::size_t features = 0;
  std::size_t outputs = 1;
  bool intercept = false;
  double lambda = 0;  ///< regulariser (lambda/2) |W|^2; the intercept is free
};

/// Tensors: "weight" {outputs, features} and, with an intercept, "bias" {outputs}. `head` outlives the model.
std::unique_ptr<Model> make_linear_model(const LinearModelSettings& settings, const Head& head);

}  // namespace parley::learning
