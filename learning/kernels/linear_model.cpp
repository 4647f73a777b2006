#include "learning/kernels/linear_model.h"

#include <cmath>
#include <utility>
#include <vector>

#include "base/error.h"
#include "learning/kernels/dense.h"

namespace parley::learning {
namespace {

struct LinearWorkspace final : Workspace {
  std::vector<float> z;
};

class LinearModel final : public Model {
 public:
  LinearModel(const LinearModelSettings& settings, const Head& head)
      : spec_(settings.spec), lambda_(settings.lambda), head_(head) {
    layer_ = add_dense(layout_, "", settings.features, settings.outputs, settings.intercept ? Bias::yes : Bias::none);
  }

  const std::string& spec() const override { return spec_; }
  const base::ParameterLayout& layout() const override { return layout_; }

  void initialize(const base::RandomKey& key, std::span<float> x) const override {
    PARLEY_CHECK(x.size() == layout_.size(), x.size(), layout_.size());
    // The loss is convex, so any start will do: small, so that no sample is saturated.
    constexpr double kStandardDeviation = 0.01;
    base::Random random(key);
    initialize_dense(layer_, kStandardDeviation * std::sqrt(3.0), random, x);
  }

  std::unique_ptr<Workspace> make_workspace(std::size_t max_rows) const override {
    auto workspace = std::make_unique<LinearWorkspace>();
    workspace->z.resize(max_rows * layer_.outputs);
    return workspace;
  }

  double gradient(std::span<const float> x, const Batch& batch, float weight, Write write, Workspace& workspace,
                  std::span<float> g) const override {
    PARLEY_CHECK(g.size() == layout_.size(), g.size(), layout_.size());
    const std::span<float> z = predict(x, batch, workspace);
    const double loss = head_.gradient(layer_.outputs, z, batch.targets, weight);
    dense_backward_parameters(layer_, batch.rows, batch.features.data(), z.data(), write, g);
    return loss;
  }

  Score score(std::span<const float> x, const Batch& batch, Workspace& workspace) const override {
    return head_.score(layer_.outputs, predict(x, batch, workspace), batch.targets);
  }

  double regularizer(std::span<const float> x) const override {
    if (lambda_ == 0) return 0;
    double square = 0;
    for (const float weight : x.subspan(layer_.weight_offset, layer_.weight_count()))
      square += static_cast<double>(weight) * static_cast<double>(weight);
    return 0.5 * lambda_ * square;
  }

  double add_regularizer(std::span<const float> x, std::span<float> g) const override {
    if (lambda_ == 0) return 0;
    const auto lambda = static_cast<float>(lambda_);
    for (std::size_t i = layer_.weight_offset; i < layer_.weight_offset + layer_.weight_count(); ++i)
      g[i] += lambda * x[i];
    return regularizer(x);
  }

 private:
  std::span<float> predict(std::span<const float> x, const Batch& batch, Workspace& workspace) const {
    auto& z = static_cast<LinearWorkspace&>(workspace).z;
    PARLEY_CHECK(x.size() == layout_.size(), x.size(), layout_.size());
    PARLEY_CHECK(batch.rows * layer_.outputs <= z.size(), batch.rows, z.size());
    PARLEY_CHECK(batch.features.size() == batch.rows * layer_.inputs && batch.targets.size() == batch.rows);
    dense_forward(layer_, x, batch.rows, batch.features.data(), z.data());
    return std::span(z).first(batch.rows * layer_.outputs);
  }

  const std::string spec_;
  const double lambda_;
  const Head& head_;
  base::ParameterLayout layout_;
  DenseLayer layer_;
};

}  // namespace

std::unique_ptr<Model> make_linear_model(const LinearModelSettings& settings, const Head& head) {
  return std::make_unique<LinearModel>(settings, head);
}

}  // namespace parley::learning
