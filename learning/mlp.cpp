// Multilayer perceptron: fully connected layers under a softmax cross-entropy.
#include "base/error.h"
#include "learning/kernels/dense_stack.h"
#include "learning/kernels/head.h"
#include "learning/kernels/problem.h"
#include "learning/kernels/widths.h"
#include "learning/model.h"

namespace parley::learning {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "hidden",
     .kind = base::ParameterKind::word,
     .fallback = "128",
     .help = "widths of the hidden layers from the input on, joined by \"-\": 128, 1024-1024"},
    {.name = "activation",
     .kind = base::ParameterKind::word,
     .fallback = "relu",
     .choices = "relu|tanh",
     .help = "function between the layers"},
};

struct MlpWorkspace final : Workspace {
  std::size_t max_rows = 0;
  DenseStack::Pass pass;
};

class Mlp final : public Model {
 public:
  Mlp(std::string spec, const Problem& problem, std::span<const std::size_t> hidden, Activation activation)
      : spec_(std::move(spec)),
        features_(problem.features),
        classes_(problem.classes),
        stack_(layout_, problem.features, hidden, problem.classes, activation) {}

  const std::string& spec() const override { return spec_; }
  const base::ParameterLayout& layout() const override { return layout_; }

  void initialize(const base::RandomKey& key, std::span<float> x) const override {
    PARLEY_CHECK(x.size() == layout_.size(), x.size(), layout_.size());
    base::Random random(key);
    stack_.initialize(random, x);
  }

  std::unique_ptr<Workspace> make_workspace(std::size_t max_rows) const override {
    auto workspace = std::make_unique<MlpWorkspace>();
    workspace->max_rows = max_rows;
    workspace->pass = stack_.make_pass(max_rows);
    return workspace;
  }

  double gradient(std::span<const float> x, const Batch& batch, float weight, Write write, Workspace& workspace,
                  std::span<float> g) const override {
    PARLEY_CHECK(g.size() == layout_.size(), g.size(), layout_.size());
    const std::span<float> z = predict(x, batch, workspace);
    const double loss = softmax_head().gradient(classes_, z, batch.targets, weight);
    auto& pass = static_cast<MlpWorkspace&>(workspace).pass;
    stack_.backward(x, batch.rows, batch.features.data(), write, pass, g, nullptr);
    return loss;
  }

  Score score(std::span<const float> x, const Batch& batch, Workspace& workspace) const override {
    return softmax_head().score(classes_, predict(x, batch, workspace), batch.targets);
  }

 private:
  std::span<float> predict(std::span<const float> x, const Batch& batch, Workspace& workspace) const {
    auto& scratch = static_cast<MlpWorkspace&>(workspace);
    PARLEY_CHECK(x.size() == layout_.size(), x.size(), layout_.size());
    PARLEY_CHECK(batch.rows <= scratch.max_rows, batch.rows, scratch.max_rows);
    PARLEY_CHECK(batch.features.size() == batch.rows * features_ && batch.targets.size() == batch.rows);
    return stack_.forward(x, batch.rows, batch.features.data(), scratch.pass);
  }

  const std::string spec_;
  const std::size_t features_, classes_;
  base::ParameterLayout layout_;
  const DenseStack stack_;
};

std::unique_ptr<Model> make(const base::Arguments& arguments, const Problem& problem) {
  require_classes("mlp", problem);
  const std::vector<std::size_t> hidden = parse_widths("mlp", "hidden", arguments.word("hidden"));
  const Activation activation = arguments.is("activation", "relu") ? Activation::relu : Activation::tanh;
  return std::make_unique<Mlp>(arguments.canonical(), problem, hidden, activation);
}

}  // namespace

ModelRow mlp_row() {
  return {"mlp", "multilayer perceptron with softmax cross-entropy", kParameters, make};
}

}  // namespace parley::learning
