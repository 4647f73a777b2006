// Binary logistic regression: f(x) = (1/m) sum_i log(1 + exp(-b_i a_i^T x)) + (lambda/2) |x|^2 with b_i = +1 or -1.
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
     .help = "adds a constant to the log-odds"},
};

std::unique_ptr<Model> make(const base::Arguments& arguments, const Problem& problem) {
  if (problem.classes != 2) {
    throw base::OperatorError(
        problem.classes == 0
            ? "logistic needs 2 classes, but the targets of the data set are real numbers; use ridge"
            : fmt::format("logistic needs 2 classes, but the data set has {}; use softmax", problem.classes));
  }
  return make_linear_model({.spec = arguments.canonical(),
                            .features = problem.features,
                            .outputs = 1,
                            .intercept = arguments.is("intercept", "true"),
                            .lambda = arguments.real("lambda")},
                           logistic_head());
}

}  // namespace

ModelRow logistic_row() {
  return {"logistic", "binary logistic regression, (1/m) sum log(1+exp(-b a'x)) + (lambda/2) |x|^2", kParameters, make};
}

}  // namespace parley::learning
