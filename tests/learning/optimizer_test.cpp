#include "learning/optimizer.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "allocation_count.h"
#include "base/error.h"
#include "base/random.h"

namespace parley::learning {
namespace {

using Values = std::vector<float>;

Values random_values(std::size_t d, std::uint64_t round) {
  base::Random random({.seed = 1, .peer = {}, .round = base::Round{round}, .stream = base::Stream::test});
  Values values(d);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

/// One coordinate of a method as its paper writes it, in double precision.
struct Coordinate {
  double x = 0, v = 0, m = 0;
  std::uint64_t t = 0;
};
using Reference = std::function<void(Coordinate&, double at, double g, double eta)>;

Reference sgd(double momentum, bool nesterov, double weight_decay) {
  return [=](Coordinate& c, double at, double g, double eta) {
    const double slope = g + weight_decay * at;
    c.v = momentum * c.v + slope;
    c.x -= eta * (nesterov ? slope + momentum * c.v : c.v);
  };
}

Reference adam(double beta1, double beta2, double epsilon, double weight_decay) {
  return [=](Coordinate& c, double at, double g, double eta) {
    const double slope = g + weight_decay * at;
    ++c.t;
    c.m = beta1 * c.m + (1 - beta1) * slope;
    c.v = beta2 * c.v + (1 - beta2) * slope * slope;
    const double mean = c.m / (1 - std::pow(beta1, c.t)), square = c.v / (1 - std::pow(beta2, c.t));
    c.x -= eta * mean / (std::sqrt(square) + epsilon);
  };
}

struct Case {
  const char* spec;
  Reference reference;
};
const Case kCases[] = {
    {"sgd", sgd(0, false, 0)},
    {"sgd(weight_decay=0.1)", sgd(0, false, 0.1)},
    {"sgd(momentum=0.9)", sgd(0.9, false, 0)},
    {"sgd(momentum=0.5, nesterov=true)", sgd(0.5, true, 0)},
    {"sgd(momentum=0.9, nesterov=true, weight_decay=0.01)", sgd(0.9, true, 0.01)},
    {"adam", adam(0.9, 0.999, 1e-8, 0)},
    {"adam(beta1=0.8, beta2=0.99, epsilon=1e-3, weight_decay=0.1)", adam(0.8, 0.99, 1e-3, 0.1)},
};

constexpr int kSteps = 12;
constexpr std::size_t kSizes[] = {1, 3, 4, 15, 16, 17, 100};

Values run(const char* spec, std::size_t d) {
  const auto optimizer = make_optimizer(spec, d);
  Values x = random_values(d, 0);
  for (int t = 1; t <= kSteps; ++t) {
    const Values g = random_values(d, static_cast<std::uint64_t>(t));
    optimizer->step(x, x, g, 0.1f);
  }
  return x;
}

TEST(EveryOptimizer, TakesTheStepsOfItsFormula) {
  for (const Case& c : kCases) {
    for (const std::size_t d : kSizes) {
      const Values x = run(c.spec, d), start = random_values(d, 0);
      for (std::size_t i = 0; i < d; ++i) {
        Coordinate expected{.x = static_cast<double>(start[i])};
        for (int t = 1; t <= kSteps; ++t) {
          const Values g = random_values(d, static_cast<std::uint64_t>(t));
          c.reference(expected, expected.x, static_cast<double>(g[i]), static_cast<double>(0.1f));
        }
        // At most 12 roundings a step, of values below 16 here; momentum keeps an error for at most all later steps.
        EXPECT_NEAR(x[i], expected.x, 12 * kSteps * 16 * 0x1p-24) << c.spec << " " << d;
      }
    }
  }
}

TEST(EveryOptimizer, TakesAStepInPartsAsAWhole) {
  constexpr std::size_t kSize = 100;
  for (const Case& c : kCases) {
    const Values expected = run(c.spec, kSize);
    const auto optimizer = make_optimizer(c.spec, kSize);
    Values x = random_values(kSize, 0);
    for (int t = 1; t <= kSteps; ++t) {
      const Values g = random_values(kSize, static_cast<std::uint64_t>(t));
      const auto cut = static_cast<std::size_t>(t * 7);  // another one each time
      for (const auto& [first, n] : {std::pair{std::size_t{0}, cut}, std::pair{cut, kSize - cut}}) {
        const auto part = std::span(x).subspan(first, n);
        optimizer->step_part(first, part, part, std::span(g).subspan(first, n), 0.1f);
      }
    }
    EXPECT_EQ(x, expected) << c.spec;
  }
}

TEST(EveryOptimizer, RefusesAPartBeyondItsSize) {
  Values x(8);
  EXPECT_DEATH(make_optimizer("sgd", 10)->step_part(3, x, x, x, 0.1f), "first");
}

TEST(EveryOptimizer, TakesTheSameStepsWithEveryInstructionSet) {
  const std::int64_t supported = hwy::SupportedTargets();
  for (const Case& c : kCases) {
    const Values expected = run(c.spec, 53);
    for (std::int64_t left = supported; left != 0; left &= left - 1) {
      hwy::SetSupportedTargetsForTest(supported & -(left & -left));
      EXPECT_EQ(run(c.spec, 53), expected) << c.spec << " " << hwy::TargetName(left & -left);
    }
    hwy::SetSupportedTargetsForTest(0);
  }
}

TEST(EveryOptimizer, TakesWeightDecayFromWhereTheGradientWasTaken) {
  const Values at{2, -2, 0}, zero{0, 0, 0};
  for (const char* spec : {"sgd(weight_decay=0.5)", "sgd(momentum=0.9, weight_decay=0.5)"}) {
    Values x{10, 10, 10};
    make_optimizer(spec, 3)->step(x, at, zero, 1.0f);
    EXPECT_EQ(x, (Values{9, 11, 10})) << spec;
  }
}

TEST(EveryOptimizer, DoesNotAllocateInAStep) {
  for (const Case& c : kCases) {
    const auto optimizer = make_optimizer(c.spec, 40);
    Values x = random_values(40, 0), g = random_values(40, 1);
    optimizer->step(x, x, g, 0.1f);
    const std::size_t before = testing::allocations();
    optimizer->step(x, x, g, 0.1f);
    EXPECT_EQ(testing::allocations(), before) << c.spec;
  }
}

TEST(EveryOptimizer, SpecIsReadBackAsItself) {
  for (const Case& c : kCases) {
    const std::string spec = make_optimizer(c.spec, 3)->spec();
    EXPECT_EQ(make_optimizer(spec, 3)->spec(), spec);
  }
}

TEST(OptimizerRegistry, EveryMethodIsUnderContract) {
  for (const OptimizerRow& row : optimizer_registry()) {
    EXPECT_TRUE(std::ranges::any_of(kCases, [&](const Case& c) { return base::parse_spec(c.spec).name == row.name; }))
        << row.name;
    EXPECT_FALSE(row.source.empty()) << row.name;
  }
}

TEST(Adam, FirstStepIsTheLearningRateWhateverTheGradient) {
  Values x{0, 0};
  const Values g{1e-3f, -50};
  make_optimizer("adam", 2)->step(x, x, g, 0.25f);
  EXPECT_NEAR(x[0], -0.25, 0.25 * 2e-5);         // epsilon / |g| = 1e-5
  EXPECT_NEAR(x[1], 0.25, 0.25 * 10 * 0x1p-24);  // ten roundings
}

TEST(Sgd, MomentumOnAConstantSlopeApproachesItsGeometricSum) {
  Values x{0};
  const Values g{1};
  const auto optimizer = make_optimizer("sgd(momentum=0.5)", 1);
  for (int t = 0; t < 60; ++t) {
    x[0] = 0;
    optimizer->step(x, x, g, 1.0f);
  }
  EXPECT_EQ(x[0], -2);  // 1 / (1 - 0.5)
}

TEST(Optimizer, WhatMakesNoSenseIsRefused) {
  for (const char* spec : {"sgd(nesterov=true)", "sgd(momentum=1)", "sgd(momentum=-0.1)", "adam(beta2=1)",
                           "adam(epsilon=0)", "sgd(weight_decay=-1)", "adma", "sgd(mu=0.9)"})
    EXPECT_THROW(make_optimizer(spec, 3), base::OperatorError) << spec;
}

TEST(OptimizerDeathTest, WrongLengthsAreABug) {
  Values x(3), g(4);
  const auto optimizer = make_optimizer("sgd", 3);
  EXPECT_DEATH(optimizer->step(x, x, g, 1), "g.size");
}

}  // namespace
}  // namespace parley::learning
