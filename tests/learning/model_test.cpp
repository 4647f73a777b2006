// What every registered model must do, and what only some do.
#include "learning/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "allocation_count.h"
#include "base/error.h"
#include "reference_loss.h"

namespace parley::learning {
namespace {

using testing::ReferenceModel;
using testing::ReferenceProblem;

constexpr double kUnit = 0x1p-24;  // half the distance from 1 to the next float: the largest relative rounding error

struct Case {
  std::string spec;
  ReferenceModel reference;
  std::size_t classes;
  std::vector<std::size_t> shape;
  std::size_t samples;
  /// Additions and multiplications on the longest way from an input to a gradient: inner sizes of the products, summed.
  double roundings;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.spec;
}

const Case kCases[] = {
    {"ridge(lambda=0.3)", {"ridge", 0.3}, 0, {7}, 9, 7 + 9},
    {"ridge(lambda=0.3, intercept=true)", {"ridge", 0.3}, 0, {7}, 9, 8 + 9},
    {"logistic(lambda=0.2)", {"logistic", 0.2}, 2, {7}, 9, 7 + 9},
    {"logistic(intercept=true)", {"logistic"}, 2, {7}, 9, 8 + 9},
    {"softmax", {"softmax"}, 10, {19}, 33, 20 + 10 + 33},
    {"softmax(lambda=0.1)", {"softmax", 0.1}, 3, {5}, 4, 6 + 3 + 4},
    {"mlp(hidden=11)", {"mlp"}, 10, {19}, 33, 20 + 12 + 10 + 33},
    {"mlp(hidden=17-6-5)", {"mlp"}, 4, {9}, 8, 10 + 18 + 7 + 6 + 4 + 5 + 6 + 8},
    {"mlp(hidden=13-7, activation=tanh)", {"mlp", 0, true}, 3, {6}, 17, 7 + 14 + 8 + 3 + 7 + 17},
    {"lenet(channels=2-3, hidden=6-5)", {"lenet"}, 4, {2, 13, 15}, 5, 50 + 50 + 4 + 7 + 6 + 4 + 30 + 5 * 195},
    {"lenet(channels=3, hidden=4)", {"lenet"}, 3, {1, 6, 7}, 6, 25 + 28 + 5 + 3 + 6 * 42},
    {"lenet", {"lenet"}, 10, {1, 28, 28}, 2, 25 + 150 + 401 + 121 + 85 + 10 + 240 + 2 * 784},
};

/// A model with a random point and random samples of its kind.
struct Instance {
  std::unique_ptr<Model> model;
  std::unique_ptr<Workspace> workspace;
  ReferenceProblem problem;
  std::vector<float> features, targets, x;

  Batch batch() const { return {features, targets, targets.size()}; }
  Batch batch(std::size_t first, std::size_t count) const {
    const std::size_t f = features.size() / targets.size();
    return {std::span(features).subspan(first * f, count * f), std::span(targets).subspan(first, count), count};
  }
  std::size_t d() const { return x.size(); }
  float mean_weight() const { return 1.0f / static_cast<float>(targets.size()); }
};

Instance make_instance(const Case& c) {
  Instance instance;
  std::size_t f = 1;
  for (const std::size_t extent : c.shape) f *= extent;
  instance.model = make_model(c.spec, {.features = f, .classes = c.classes, .sample_shape = c.shape});
  instance.workspace = instance.model->make_workspace(c.samples);
  instance.problem = {.classes = c.classes, .shape = c.shape, .features = {}, .targets = {}};
  base::Random random({.seed = 5, .peer = {}, .round = {}, .stream = base::Stream::test});
  for (std::size_t i = 0; i < c.samples; ++i) {
    auto& row = instance.problem.features.emplace_back();
    for (std::size_t j = 0; j < f; ++j) {
      instance.features.push_back(random.uniform());
      row.push_back(static_cast<double>(instance.features.back()));
    }
    instance.targets.push_back(c.classes == 0
                                   ? 2 * random.uniform() - 1
                                   : static_cast<float>(random.below(static_cast<std::uint32_t>(c.classes))));
    instance.problem.targets.push_back(static_cast<double>(instance.targets.back()));
  }
  instance.x.resize(instance.model->layout().size());
  instance.model->initialize({.seed = 3, .peer = {}, .round = {}, .stream = base::Stream::test}, instance.x);
  for (const base::Tensor& tensor : instance.model->layout().tensors()) {
    if (!tensor.name.ends_with("bias")) continue;
    for (float& bias : std::span(instance.x).subspan(tensor.offset, tensor.size()))
      bias = 0.2f * (random.uniform() - 0.5f);
  }
  return instance;
}

class EveryModel : public ::testing::TestWithParam<Case> {
 protected:
  Instance instance_ = make_instance(GetParam());
  const Model& model_ = *instance_.model;

  double reference(const std::vector<double>& x) const {
    return testing::reference_loss(GetParam().reference, model_.layout(), x, instance_.problem);
  }
  /// Derivative of the reference loss along `direction`. The step makes truncation (step^2 f''') and rounding (1e-16 /
  /// step) both below 1e-9, and is too short to meet a kink of a rectifier.
  double derivative(const std::vector<double>& direction) const {
    constexpr double kStep = 1e-6;
    std::vector<double> ahead(instance_.x.begin(), instance_.x.end()), behind = ahead;
    for (std::size_t i = 0; i < ahead.size(); ++i) {
      ahead[i] += kStep * direction[i];
      behind[i] -= kStep * direction[i];
    }
    return (reference(ahead) - reference(behind)) / (2 * kStep);
  }
  std::vector<float> gradient(Write write = Write::set, float fill = 0, float weight = 0) {
    std::vector<float> g(instance_.d(), fill);
    const float w = weight == 0 ? instance_.mean_weight() : weight;
    model_.gradient(instance_.x, instance_.batch(), w, write, *instance_.workspace, g);
    return g;
  }
  static double largest(std::span<const float> values) {
    double result = 0;
    for (const float value : values) result = std::max(result, std::abs(static_cast<double>(value)));
    return result;
  }
  /// Rounding errors of n operations add up like sqrt(n); allowing n leaves sqrt(n) for summands that cancel.
  double relative_tolerance() const { return GetParam().roundings * kUnit; }
};

TEST_P(EveryModel, LossIsThatOfTheReference) {
  std::vector<float> g(instance_.d());
  const double m = static_cast<double>(instance_.targets.size());
  const double regularizer = model_.regularizer(instance_.x);
  const double expected = reference({instance_.x.begin(), instance_.x.end()});
  const double tolerance = relative_tolerance() * (1 + std::abs(expected));
  const double by_gradient =
      model_.gradient(instance_.x, instance_.batch(), 1, Write::set, *instance_.workspace, g) / m + regularizer;
  EXPECT_NEAR(by_gradient, expected, tolerance);
  const double by_score = model_.score(instance_.x, instance_.batch(), *instance_.workspace).loss / m + regularizer;
  EXPECT_NEAR(by_score, expected, tolerance);
}

TEST_P(EveryModel, GradientIsTheDerivativeInEachTensor) {
  std::vector<float> g = gradient();
  model_.add_regularizer(instance_.x, g);
  base::Random random({.seed = 6, .peer = {}, .round = {}, .stream = base::Stream::test});
  for (const base::Tensor& tensor : model_.layout().tensors()) {
    const double scale = largest(std::span(g).subspan(tensor.offset, tensor.size()));
    const std::size_t most = instance_.d() < 5000 ? 40 : 8;  // coordinates that are tried of a large tensor
    for (std::size_t k = 0; k < std::min(most, tensor.size()); ++k) {
      const std::size_t i =
          tensor.offset + (tensor.size() <= most ? k : random.below(static_cast<std::uint32_t>(tensor.size())));
      std::vector<double> axis(instance_.d());
      axis[i] = 1;
      EXPECT_NEAR(static_cast<double>(g[i]), derivative(axis), relative_tolerance() * scale + 1e-9)
          << tensor.name << "[" << i - tensor.offset << "]";
    }
  }
}

TEST_P(EveryModel, GradientIsTheDerivativeAlongRandomDirections) {
  std::vector<float> g = gradient();
  model_.add_regularizer(instance_.x, g);
  double norm = 0;
  for (const float value : g) norm += static_cast<double>(value) * static_cast<double>(value);
  base::Random random({.seed = 7, .peer = {}, .round = {}, .stream = base::Stream::test});
  for (int trial = 0; trial < 5; ++trial) {
    std::vector<double> direction(instance_.d());
    double length = 0, slope = 0;
    for (double& value : direction) length += std::pow(value = random.normal(), 2);
    for (std::size_t i = 0; i < direction.size(); ++i) {
      direction[i] /= std::sqrt(length);
      slope += direction[i] * static_cast<double>(g[i]);
    }
    EXPECT_NEAR(slope, derivative(direction), relative_tolerance() * std::sqrt(norm) + 1e-9);
  }
}

TEST_P(EveryModel, SettingDoesNotReadWhatWasThere) {
  EXPECT_EQ(gradient(Write::set, std::numeric_limits<float>::quiet_NaN()), gradient());
}

TEST_P(EveryModel, AddingAdds) {
  const std::vector<float> set = gradient(), added = gradient(Write::add, 1.0f);
  const double tolerance = relative_tolerance() * (1 + largest(set));
  for (std::size_t i = 0; i < set.size(); ++i) EXPECT_NEAR(added[i], 1.0f + set[i], tolerance);
}

TEST_P(EveryModel, WeightIsAFactor) {
  std::vector<float> doubled = gradient(Write::set, 0, 0.25f);
  for (float& value : doubled) value *= 2;
  EXPECT_EQ(doubled, gradient(Write::set, 0, 0.5f));  // powers of two do not round
}

TEST_P(EveryModel, GradientsOfPartsSumToTheGradientOfTheWhole) {
  const std::size_t m = instance_.targets.size(), first = m / 3 + 1;
  std::vector<float> g(instance_.d());
  const float w = instance_.mean_weight();
  const double loss =
      model_.gradient(instance_.x, instance_.batch(0, first), w, Write::set, *instance_.workspace, g) +
      model_.gradient(instance_.x, instance_.batch(first, m - first), w, Write::add, *instance_.workspace, g);
  const std::vector<float> whole = gradient();
  const double tolerance = relative_tolerance() * largest(whole);
  for (std::size_t i = 0; i < g.size(); ++i) EXPECT_NEAR(g[i], whole[i], tolerance);
  EXPECT_NEAR(loss, model_.score(instance_.x, instance_.batch(), *instance_.workspace).loss,
              relative_tolerance() * (1 + std::abs(loss)));
}

TEST_P(EveryModel, DoesNotAllocateOnceItsWorkspaceIsMade) {
  std::vector<float> g(instance_.d());
  const std::size_t before = testing::allocations();
  model_.gradient(instance_.x, instance_.batch(), 1, Write::set, *instance_.workspace, g);
  model_.gradient(instance_.x, instance_.batch(0, 1), 1, Write::add, *instance_.workspace, g);
  model_.score(instance_.x, instance_.batch(), *instance_.workspace);
  model_.add_regularizer(instance_.x, g);
  EXPECT_EQ(testing::allocations(), before);
}

TEST_P(EveryModel, InitialPointIsAFunctionOfTheKey) {
  std::vector<float> one(instance_.d(), 9), same(instance_.d(), -9), other(instance_.d());
  model_.initialize({.seed = 1, .peer = {}, .round = {}, .stream = base::Stream::initial_model}, one);
  model_.initialize({.seed = 1, .peer = {}, .round = {}, .stream = base::Stream::initial_model}, same);
  model_.initialize({.seed = 2, .peer = {}, .round = {}, .stream = base::Stream::initial_model}, other);
  EXPECT_EQ(one, same);
  EXPECT_NE(one, other);
}

TEST_P(EveryModel, SpecIsReadBackAsTheSameModel) {
  const Problem problem{instance_.features.size() / instance_.targets.size(), GetParam().classes, GetParam().shape};
  const auto again = make_model(model_.spec(), problem);
  EXPECT_EQ(again->spec(), model_.spec());
  EXPECT_EQ(again->layout().fingerprint(), model_.layout().fingerprint());
}

INSTANTIATE_TEST_SUITE_P(Specs, EveryModel, ::testing::ValuesIn(kCases), [](const auto& test) {
  std::string name;
  for (const char c : test.param.spec) {
    if (std::isalnum(static_cast<unsigned char>(c))) name += c;
  }
  return name;
});

TEST(ModelRegistry, EveryModelIsUnderContract) {
  for (const ModelRow& row : model_registry()) {
    EXPECT_TRUE(std::ranges::any_of(kCases, [&](const Case& c) { return c.reference.name == row.name; })) << row.name;
    EXPECT_FALSE(row.summary.empty()) << row.name;
    for (const base::Parameter& parameter : row.parameters) EXPECT_FALSE(parameter.help.empty()) << parameter.name;
  }
}

TEST(Model, AtZeroEveryClassIsEquallyLikely) {
  for (const char* spec : {"softmax", "mlp(hidden=5)", "mlp(hidden=5-4, activation=tanh)", "lenet(channels=2)"}) {
    const auto model = make_model(spec, {.features = 64, .classes = 10, .sample_shape = {1, 8, 8}});
    const auto workspace = model->make_workspace(3);
    const std::vector<float> x(model->layout().size()), features(3 * 64, 0.5f), targets{0, 3, 9};
    // log 10 from ten floats that sum to exactly 10.
    EXPECT_NEAR(model->score(x, {features, targets, 3}, *workspace).loss, 3 * std::numbers::ln10, 1e-14) << spec;
  }
}

TEST(Model, CountsThePredictionsThatAreRight) {
  const auto model = make_model("softmax", {.features = 3, .classes = 3, .sample_shape = {3}});
  std::vector<float> x(model->layout().size());
  for (std::size_t c = 0; c < 3; ++c) x[c * 3 + c] = 1;  // predicts the largest feature
  const std::vector<float> features{1, 0, 0, 0, 1, 0, 0, 0, 1, 5, 4, 3}, targets{0, 1, 0, 0};
  EXPECT_EQ(model->score(x, {features, targets, 4}, *model->make_workspace(4)).correct, 3u);
}

TEST(Model, HugeOutputsGiveFiniteLosses) {
  for (const char* spec : {"softmax", "logistic"}) {
    const auto model = make_model(spec, {.features = 1, .classes = 2, .sample_shape = {1}});
    std::vector<float> x(model->layout().size()), g(x.size());
    x[0] = 1e4f;
    const std::vector<float> features{1, -1}, targets{0, 0};
    const auto workspace = model->make_workspace(2);
    // One sample is certainly right and loses nothing, the other is certainly wrong and loses the margin.
    const double loss = model->gradient(x, {features, targets, 2}, 1, Write::set, *workspace, g);
    EXPECT_NEAR(loss, 1e4, 1e-3) << spec;
    EXPECT_NEAR(std::abs(g[0]), 1, 1e-6) << spec;
  }
}

TEST(Model, RegularizerIsHalfLambdaTimesTheSquareAndLeavesTheInterceptAlone) {
  const auto model =
      make_model("ridge(lambda=0.5, intercept=true)", {.features = 2, .classes = 0, .sample_shape = {2}});
  const std::vector<float> x{3, 4, 100};
  std::vector<float> g{1, 1, 1};
  EXPECT_DOUBLE_EQ(model->regularizer(x), 0.25 * 25);
  EXPECT_DOUBLE_EQ(model->add_regularizer(x, g), 0.25 * 25);
  EXPECT_EQ(g, (std::vector<float>{2.5f, 3, 1}));
}

TEST(Model, TensorsAreNamedAndShapedAsElsewhereInTheField) {
  const auto model = make_model("lenet", {.features = 784, .classes = 10, .sample_shape = {1, 28, 28}});
  std::vector<std::string> found;
  for (const base::Tensor& tensor : model->layout().tensors())
    found.push_back(fmt::format("{} {}", tensor.name, fmt::join(tensor.shape, "x")));
  const std::vector<std::string> expected{
      "convolution0.weight 6x1x5x5", "convolution0.bias 6", "convolution1.weight 16x6x5x5", "convolution1.bias 16",
      "hidden0.weight 120x400",      "hidden0.bias 120",    "hidden1.weight 84x120",        "hidden1.bias 84",
      "output.weight 10x84",         "output.bias 10"};
  EXPECT_EQ(found, expected);
}

TEST(Model, WhatDoesNotFitIsRefusedWithTheRemedy) {
  const Problem digits{784, 10, {1, 28, 28}}, table{123, 2, {123}}, regression{4, 0, {4}}, tiny{64, 10, {1, 8, 8}};
  const struct {
    const char* spec;
    const Problem& problem;
    const char* message;
  } refusals[] = {
      {"mlp(hidden=0)", digits, "hidden = 0"},
      {"mlp(hidden=12-)", digits, "hidden = 12-"},
      {"mlp(hidden=99999)", digits, "65536"},
      {"mlp(activation=sine)", digits, "relu|tanh"},
      {"mlp", regression, "ridge"},
      {"softmax", regression, "ridge"},
      {"softmax(lambda=-1)", digits, "lambda"},
      {"lenet", table, "mlp"},
      {"lenet", tiny, "12 x 12"},
      {"lenet(channels=0)", digits, "channels = 0"},
      {"lenet", regression, "ridge"},
      {"logistic", digits, "softmax"},
      {"logistic", regression, "ridge"},
      {"ridge", digits, "softmax"},
      {"ridge(intercept=maybe)", regression, "true|false"},
      {"sotfmax", digits, "did you mean \"softmax\""},
  };
  for (const auto& refusal : refusals) {
    try {
      make_model(refusal.spec, refusal.problem);
      ADD_FAILURE() << refusal.spec << " was accepted";
    } catch (const base::OperatorError& error) {
      EXPECT_NE(std::string(error.what()).find(refusal.message), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace parley::learning
