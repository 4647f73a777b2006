#include "compression/registry.h"

#include <array>

#include "compression/operators.h"

namespace parley::compression {

std::span<const Row> registry() {
  static const std::array table = {
      identity_row(),
      f16_row(),
      bf16_row(),
      topk_row(),
      randk_row(),
      qsgd_row(),
      sign_row(),
      blocktopk_row(),
      threshold_row(),
      sampledtopk_row(),
      lowrank_row(),
      eden_row(),
      terngrad_row(),
      signsgd_row(),
      onebit_row(),
      fixed_row(),
      twn_row(),
      ttq_row(),
      wage_row(),
      mx_row(),
      natural_row(),
      natural_dithering_row(),
      uniform_row(),
      dorefa_row(),
      nuqsgd_row(),
      clip_row(),
      zipml_row(),
      ecq_row(),
      lab_row(),
      sketch_row(),
      atomo_row(),
      entropy_row(),
      kmeans_row(),
      hessian_kmeans_row(),
      product_row(),
      residual_row(),
      weighted_entropy_row(),
      bytensor_row(),
      huffman_row(),
  };
  return table;
}

void Compressor::for_each_stretch(std::size_t, const std::function<void(const Stretch&)>&) const {}

base::Result<void> Compressor::check_payload(std::span<const std::byte>, std::size_t) const {
  PARLEY_CHECK(slice() > 0, spec());
  return {};
}

void Compressor::add_slice(std::span<const std::byte>, std::size_t, std::size_t, float, std::span<float>) const {
  PARLEY_CHECK(slice() > 0, spec());
}

namespace {

/// Builds stages from the last to the first.
class PipelineBuilder {
 public:
  PipelineBuilder(std::string_view spec, const base::ParameterLayout& layout)
      : spec_(spec), layout_(layout), stages_(base::parse_pipeline(spec)) {}

  std::unique_ptr<Compressor> build() {
    for (std::size_t i = stages_.size(); i-- > 0;) {
      const Row& row = base::find_row(registry(), "compression operator", stages_[i].name);
      if (row.codes_payload) {
        values_ = coded(i, row);
        if (i > 0) --i;  // both stages are built
      } else {
        values_ = plain(i, row);
      }
    }
    return std::move(values_);
  }

 private:
  std::unique_ptr<Compressor> plain(std::size_t i, const Row& row) {
    if (values_ && !row.takes_values)
      throw base::OperatorError(
          fmt::format("in \"{}\": {} keeps every coordinate and cannot be followed by \"| {}\"; only a sparsifier can",
                      spec_, row.name, stages_[i + 1].name));
    const base::Arguments arguments(stages_[i], row.parameters);
    return row.make({arguments, i == 0 ? layout_ : no_layout_, std::move(values_)});
  }

  /// Stages i - 1 and i, of which the latter codes the payload of the former.
  std::unique_ptr<Compressor> coded(std::size_t i, const Row& row) {
    if (values_)
      throw base::OperatorError(fmt::format("in \"{}\": {} codes bytes and cannot be followed by \"| {}\"", spec_,
                                            row.name, stages_[i + 1].name));
    // A first stage codes plain floats.
    const Row& before = base::find_row(registry(), "compression operator", i == 0 ? "identity" : stages_[i - 1].name);
    if (before.codes_payload)
      throw base::OperatorError(fmt::format("in \"{}\": {} cannot be followed by \"| {}\": the bytes are coded already",
                                            spec_, before.name, row.name));
    auto first = i == 0 ? make_compressor("identity", layout_) : plain(i - 1, before);
    const base::Arguments arguments(stages_[i], row.parameters);
    return row.make({arguments, no_layout_, nullptr, std::move(first)});
  }

  std::string_view spec_;
  const base::ParameterLayout& layout_;
  const base::ParameterLayout no_layout_;  // what a sparsifier kept has no shape
  std::vector<base::Spec> stages_;
  std::unique_ptr<Compressor> values_;
};

}  // namespace

std::unique_ptr<Compressor> make_compressor(std::string_view spec, const base::ParameterLayout& layout) {
  return PipelineBuilder(spec, layout).build();
}

}  // namespace parley::compression
