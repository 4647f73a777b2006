// Linear least squares with a quadratic regulariser: f(x) = (1/2m) |A x - b|^2 + (lambda/2) |x|^2.
#include "base/error.h"
#include "learning/kernels/linear_model.h"
#include "learning/model.h"

namespace parley::learning {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "lambda",
     .fallback = "0",
     .low = 0,
     .high = 1e9,
     .help = "weight of the regulariser (lambda/2) |x|^2; the intercept is not regularised"},
    {.name = "intercept",
     .kind = base::ParameterKind::word,
     .fallback = "false",
     .choices = "true|false",
     .help = "adds a constant to the prediction"},
};

std::unique_ptr<Model> make(const base::Arguments& arguments, const Problem& problem) {
  if (problem.classes != 0) {
    throw base::OperatorError(fmt::format(
        "ridge predicts real numbers, but the targets of the data set are {} classes; use logistic, softmax "
        "or mlp, or read the targets as numbers",
        problem.classes));
  }
  return make_linear_model({.spec = arguments.canonical(),
                            .features = problem.features,
                            .outputs = 1,
                            .intercept = arguments.is("intercept", "true"),
                            .lambda = arguments.real("lambda")},
                           squared_head());
}

}  // namespace

ModelRow ridge_row() {
  return {"ridge", "linear least squares, (1/2m) |Ax-b|^2 + (lambda/2) |x|^2", kParameters, make};
}

}  // namespace parley::learning
