// Gradient descent on a sum of quadratics that differ between workers: which schemes get to the optimum.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "feedback_link.h"

namespace parley::compression::test {
namespace {

/// f(x) = mean_w 1/2 sum_i a_wi (x_i - b_wi)^2, with 1 <= a_wi < 4: smooth with L = 4 and strongly convex with mu = 1.
class Quadratics {
 public:
  static constexpr std::size_t kWorkers = 8, kSize = 12;
  static constexpr double kSmoothness = 4, kConvexity = 1;

  Quadratics() {
    base::Random random(key_of(21));
    for (std::size_t w = 0; w < kWorkers; ++w)
      for (std::size_t i = 0; i < kSize; ++i) {
        a_[w][i] = 1 + 3 * random.uniform_double();
        b_[w][i] = random.normal();
      }
  }

  Floats gradient(std::size_t w, const std::vector<double>& x, double factor) const {
    Floats g(kSize);
    for (std::size_t i = 0; i < kSize; ++i) g[i] = static_cast<float>(factor * a_[w][i] * (x[i] - b_[w][i]));
    return g;
  }

  /// |x - x*|^2 / |x*|^2
  double error(const std::vector<double>& x) const {
    double distance = 0, norm = 0;
    for (std::size_t i = 0; i < kSize; ++i) {
      double curvature = 0, sum = 0;
      for (std::size_t w = 0; w < kWorkers; ++w) {
        curvature += a_[w][i];
        sum += a_[w][i] * b_[w][i];
      }
      distance += std::pow(x[i] - sum / curvature, 2);
      norm += std::pow(sum / curvature, 2);
    }
    return distance / norm;
  }

 private:
  double a_[kWorkers][kSize], b_[kWorkers][kSize];
};

struct Outcome {
  double error;  ///< |x - x*|^2 / |x*|^2
  std::size_t sent = 0;
};

/// x = x - step mean_w of what is received of worker w. `feeds_steps`: workers send steps, not gradients.
Outcome descend(const char* feedback, const char* spec, double step, std::size_t rounds, bool feeds_steps = false) {
  const Quadratics f;
  std::vector<Link> links;
  for (std::size_t w = 0; w < Quadratics::kWorkers; ++w) links.emplace_back(feedback, spec, Quadratics::kSize);
  std::vector<double> x(Quadratics::kSize);
  Outcome outcome{.error = 0};
  for (std::size_t round = 0; round < rounds; ++round) {
    Floats sum(Quadratics::kSize);
    for (std::size_t w = 0; w < links.size(); ++w) {
      const Floats g = f.gradient(w, x, feeds_steps ? step : 1);
      outcome.sent += links[w].send_add(g, 1000 * w + 100000 * round, sum) ? 1 : 0;
    }
    double moved = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double mean = sum[i] / static_cast<double>(links.size());
      moved += static_cast<double>(sum[i]) * sum[i];
      x[i] -= feeds_steps ? mean : step * mean;
    }
    for (Link& link : links) link.sender->moved(moved);
  }
  outcome.error = f.error(x);
  return outcome;
}

// What is exact to a float ends within some 2^-24 of the gradients at the optimum, which are of the size of x* here:
// squared, below 1e-12 with a factor of 100 to spare.
constexpr double kExact = 1e-12;
constexpr double kFloor = 1e-4;

/// 1 / (L + L sqrt(beta / theta)) of Richtarik et al. 2021.
double ef21_step(double delta) {
  const double theta = 1 - std::sqrt(1 - delta), beta = (1 - delta) / theta;
  return 1 / (Quadratics::kSmoothness * (1 + std::sqrt(beta / theta)));
}

TEST(FeedbackDescent, Ef21ReachesTheOptimumWhereErrorFeedbackStalls) {
  const double step = ef21_step(1.0 / Quadratics::kSize);
  EXPECT_LT(descend("ef21", "topk(k=1)", step, 8000).error, kExact);
  EXPECT_GT(descend("ef", "topk(k=1)", step, 8000, true).error, kFloor);
  EXPECT_LT(descend("ef21", "sign", step, 8000).error, kExact);
}

TEST(FeedbackDescent, Ef21WithMomentumReachesTheOptimum) {
  EXPECT_LT(descend("ef21(a=0.25)", "topk(k=1)", ef21_step(1.0 / Quadratics::kSize) / 4, 20000).error, kExact);
}

TEST(FeedbackDescent, DianaReachesTheOptimumWherePlainQuantisationStalls) {
  const char* spec = "randk(k=1, scaling=unbiased)";
  const double omega = Quadratics::kSize - 1;
  const double alpha = 1 / (1 + omega);
  const double step = std::min(alpha / (2 * Quadratics::kConvexity),
                               1 / (Quadratics::kSmoothness * (1 + 6 * omega / Quadratics::kWorkers)));
  EXPECT_LT(descend("diana", spec, step, 6000).error, kExact);
  EXPECT_GT(descend("none", spec, step, 6000).error, kFloor);
  EXPECT_GT(descend("diana(alpha=0)", spec, step, 6000).error, kFloor);
}

TEST(FeedbackDescent, LaqReachesTheOptimumWithAPartOfTheMessages) {
  // Later the roundings of floats are all that changes, which are as large as the steps.
  constexpr std::size_t kRounds = 120, kAll = kRounds * Quadratics::kWorkers;
  const double step = 1 / Quadratics::kSmoothness;
  for (const char* spec : {"identity", "bf16"}) {
    const Outcome eager = descend("laq(workers=8, xi=0, patience=0)", spec, step, kRounds);
    EXPECT_LT(eager.error, kExact);
    EXPECT_EQ(eager.sent, kAll);
    const Outcome lazy = descend("laq(workers=8, window=10, xi=0.8, patience=100)", spec, step, kRounds);
    EXPECT_LT(lazy.error, kExact) << spec;
    EXPECT_LT(lazy.sent, kAll / 2) << spec;
    EXPECT_GE(lazy.sent, Quadratics::kWorkers * ((kRounds + 100) / 101)) << spec;
  }
}

// The rule of laq, one decision at a time.

TEST(LaqRule, SendsAtFirstAndThenEveryTimeThatPatienceEnds) {
  Link link("laq(patience=4)", "identity", 3);
  std::vector<int> rounds;
  for (int round = 0; round < 17; ++round) {
    const Floats x = {1, 2, 3};
    Floats y(3);
    if (link.send_add(x, 0, y)) rounds.push_back(round);
    EXPECT_EQ(y, x) << round;  // silence repeats the estimate
    link.sender->moved(1);
  }
  EXPECT_THAT(rounds, testing::ElementsAre(0, 5, 10, 15));
}

TEST(LaqRule, ComparesTheChangeWithTheLastSteps) {
  // xi / (D M^2) = 2 / (2 * 4) = 1/4 of the sum of the last two squared steps.
  Link link("laq(workers=2, window=2, xi=2, patience=1000)", "identity", 1);
  const auto sends = [&](float x) { return link.encode(Floats{x}, 0).has_value(); };
  EXPECT_TRUE(sends(0));
  link.sender->moved(20);
  link.sender->moved(16);
  EXPECT_FALSE(sends(2.99f));
  EXPECT_TRUE(sends(3));
  EXPECT_FALSE(sends(0.01f));  // 2.99 away from what was sent last
  link.sender->moved(0);       // 16 + 0
  EXPECT_FALSE(sends(1.01f));
  EXPECT_TRUE(sends(1));
  link.sender->moved(0);
  EXPECT_TRUE(sends(1));  // nothing is not less than nothing
}

TEST(LaqRule, AsksForThreeTimesTheErrorsOfTheOperator) {
  // Top-1 of two loses the smaller coordinate: 3 (now + at the last sending).
  Link link("laq(xi=0, patience=1000)", "topk(k=1)", 2);
  const auto sends = [&](float a, float b) { return link.encode(Floats{a, b}, 0).has_value(); };
  EXPECT_TRUE(sends(8, 1));          // h = (8, 0), error 1
  EXPECT_FALSE(sends(10.4f, 1));     // 2.4^2 < 3 (1 + 1)
  EXPECT_FALSE(sends(10.3f, 1));     // silence keeps h and the error
  EXPECT_TRUE(sends(10.5f, 1));      // 2.5^2 > 6: h = (10.5, 0)
  EXPECT_FALSE(sends(10.5f, 1.7f));  // 1.7^2 = 2.89 < 3 (0 + 1)
  EXPECT_TRUE(sends(10.5f, 1.8f));   // 3.24
}

}  // namespace
}  // namespace parley::compression::test
