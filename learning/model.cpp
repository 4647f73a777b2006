#include "learning/model.h"

#include <functional>
#include <numeric>

#include "base/error.h"
#include "learning/kernels/problem.h"

namespace parley::learning {

// One declaration and one entry per model; each is defined in the file of its name.
ModelRow ridge_row();
ModelRow logistic_row();
ModelRow softmax_row();
ModelRow mlp_row();
ModelRow lenet_row();

std::span<const ModelRow> model_registry() {
  static const ModelRow rows[] = {ridge_row(), logistic_row(), softmax_row(), mlp_row(), lenet_row()};
  return rows;
}

std::unique_ptr<Model> make_model(std::string_view spec, const Problem& problem) {
  const std::size_t cells =
      std::accumulate(problem.sample_shape.begin(), problem.sample_shape.end(), std::size_t{1}, std::multiplies<>());
  PARLEY_CHECK(problem.features > 0 && cells == problem.features, problem.features, cells);
  const base::Spec parsed = base::parse_spec(spec);
  const ModelRow& row = base::find_row(model_registry(), "model", parsed.name);
  return row.make(base::Arguments(parsed, row.parameters), problem);
}

double Model::regularizer(std::span<const float>) const {
  return 0;
}

double Model::add_regularizer(std::span<const float>, std::span<float>) const {
  return 0;
}

void require_classes(std::string_view model, const Problem& problem) {
  if (problem.classes >= 2) return;
  throw base::OperatorError(
      problem.classes == 0
          ? fmt::format("{} needs classes, but the targets of the data set are real numbers; use ridge", model)
          : fmt::format("{} needs at least 2 classes, but the data set has one", model));
}

}  // namespace parley::learning
