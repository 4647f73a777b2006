#include "learning/model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace parley::learning {
namespace {

TEST(Model, AtZeroEveryClassIsEquallyLikely) {
  for (const char* spec : {"softmax", "mlp(hidden=5)", "mlp(hidden=5-4, activation=tanh)"}) {
    const auto model = make_model(spec, {.features = 6, .classes = 10, .sample_shape = {6}});
    const auto workspace = model->make_workspace(3);
    const std::vector<float> x(model->layout().size()), features(18, 0.5f), targets{0, 3, 9};
    EXPECT_NEAR(model->score(x, {features, targets, 3}, *workspace).loss, 3 * std::numbers::ln10, 1e-6) << spec;
  }
}

}  // namespace
}  // namespace parley::learning
