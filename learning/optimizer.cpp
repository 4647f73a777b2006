#include "learning/optimizer.h"

#include "base/error.h"

namespace parley::learning {

// One declaration and one entry per method; each is defined in the file of its name.
OptimizerRow sgd_row();
OptimizerRow adam_row();

std::span<const OptimizerRow> optimizer_registry() {
  static const OptimizerRow rows[] = {sgd_row(), adam_row()};
  return rows;
}

void Optimizer::step(std::span<float> x, std::span<const float> at, std::span<const float> g, float eta) {
  PARLEY_CHECK(x.size() == size() && at.size() == size() && g.size() == size(), x.size(), at.size(), g.size(), size());
  step_part(0, x, at, g, eta);
}

std::unique_ptr<Optimizer> make_optimizer(std::string_view spec, std::size_t d) {
  const base::Spec parsed = base::parse_spec(spec);
  const OptimizerRow& row = base::find_row(optimizer_registry(), "optimizer", parsed.name);
  return row.make(base::Arguments(parsed, row.parameters), d);
}

}  // namespace parley::learning
