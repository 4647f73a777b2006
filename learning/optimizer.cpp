#include "learning/optimizer.h"

namespace parley::learning {

// One declaration and one entry per method; each is defined in the file of its name.
OptimizerRow sgd_row();
OptimizerRow adam_row();

std::span<const OptimizerRow> optimizer_registry() {
  static const OptimizerRow rows[] = {sgd_row(), adam_row()};
  return rows;
}

std::unique_ptr<Optimizer> make_optimizer(std::string_view spec, std::size_t d) {
  const base::Spec parsed = base::parse_spec(spec);
  const OptimizerRow& row = base::find_row(optimizer_registry(), "optimizer", parsed.name);
  return row.make(base::Arguments(parsed, row.parameters), d);
}

}  // namespace parley::learning
