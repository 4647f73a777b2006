// Multinomial logistic regression: a linear layer with bias under a softmax cross-entropy.
#include "base/error.h"
#include "learning/kernels/linear_model.h"
#include "learning/kernels/problem.h"
#include "learning/model.h"

namespace parley::learning {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "lambda",
     .fallback = "0",
     .low = 0,
     .high = 1e9,
     .help = "weight of the regulariser (lambda/2) |W|^2; the biases are not regularised"},
};

std::unique_ptr<Model> make(const base::Arguments& arguments, const Problem& problem) {
  require_classes("softmax", problem);
  return make_linear_model({.spec = arguments.canonical(),
                            .features = problem.features,
                            .outputs = problem.classes,
                            .intercept = true,
                            .lambda = arguments.real("lambda")},
                           softmax_head());
}

}  // namespace

ModelRow softmax_row() {
  return {"softmax", "multinomial logistic regression", kParameters, make};
}

}  // namespace parley::learning
