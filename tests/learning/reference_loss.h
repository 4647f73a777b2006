// Every model again: forward passes only, one sample at a time, naive loops, double precision. Derivatives of these are
// taken by central differences, so nothing here shares a line or an idea with the code under test.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/layout.h"

namespace parley::learning::testing {

struct ReferenceProblem {
  std::size_t classes = 0;
  std::vector<std::size_t> shape;             ///< of one sample
  std::vector<std::vector<double>> features;  ///< per sample
  std::vector<double> targets;
};

/// The parts of a spec that change the formula.
struct ReferenceModel {
  std::string_view name;
  double lambda = 0;
  bool use_tanh = false;
};

/// Mean loss plus regulariser at x, whose tensors are named and laid out as `layout` says.
double reference_loss(const ReferenceModel& model, const base::ParameterLayout& layout, const std::vector<double>& x,
                      const ReferenceProblem& problem);

}  // namespace parley::learning::testing
