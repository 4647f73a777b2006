#include "compression/registry.h"

#include <array>

#include "compression/operators.h"

namespace parley::compression {

std::span<const Row> registry() {
  static const std::array table = {
      identity_row(),  f16_row(),
      bf16_row(),      topk_row(),
      randk_row(),     qsgd_row(),
      sign_row(),      blocktopk_row(),
      threshold_row(), sampledtopk_row(),
      lowrank_row(),   eden_row(),
      terngrad_row(),  signsgd_row(),
      onebit_row(),    fixed_row(),
      twn_row(),       ttq_row(),
      wage_row(),      mx_row(),
      natural_row(),   natural_dithering_row(),
      uniform_row(),   dorefa_row(),
      nuqsgd_row(),    clip_row(),
      zipml_row(),     ecq_row(),
      lab_row(),       sketch_row(),
      atomo_row(),
  };
  return table;
}

base::Result<void> Compressor::check_payload(std::span<const std::byte>, std::size_t) const {
  PARLEY_CHECK(slice() > 0, spec());
  return {};
}

void Compressor::add_slice(std::span<const std::byte>, std::size_t, std::size_t, float, std::span<float>) const {
  PARLEY_CHECK(slice() > 0, spec());
}

std::unique_ptr<Compressor> make_compressor(std::string_view spec, const base::ParameterLayout& layout) {
  const std::vector<base::Spec> stages = base::parse_pipeline(spec);
  const base::ParameterLayout no_layout;  // what a sparsifier kept has no shape
  std::unique_ptr<Compressor> values;
  for (std::size_t i = stages.size(); i-- > 0;) {
    const Row& row = base::find_row(registry(), "compression operator", stages[i].name);
    if (values && !row.takes_values)
      throw base::OperatorError(
          fmt::format("in \"{}\": {} keeps every coordinate and cannot be followed by \"| {}\"; only a sparsifier can",
                      spec, row.name, stages[i + 1].name));
    const base::Arguments arguments(stages[i], row.parameters);
    values = row.make({arguments, i == 0 ? layout : no_layout, std::move(values)});
  }
  return values;
}

}  // namespace parley::compression
