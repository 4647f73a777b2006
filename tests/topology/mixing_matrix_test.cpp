// Weight rules, and the validator against matrices that are known to be bad.
#include "topology/mixing_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "base/random.h"

namespace parley::topology {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> peer_names(Eigen::Index n) {
  std::vector<std::string> names;
  for (Eigen::Index i = 0; i < n; ++i) names.push_back(fmt::format("peer-{}", i));
  return names;
}

/// Every edge of the graph with weight w, every peer with the self weight `self`.
MixingMatrix constant_weights(std::string_view spec, std::size_t n, double w, double self) {
  const Graph graph = make_graph(spec, n, 0);
  const auto size = static_cast<Eigen::Index>(n);
  Eigen::MatrixXd W = Eigen::MatrixXd::Identity(size, size) * self;
  for (std::uint32_t i = 0; i < n; ++i) {
    for (const base::PeerId j : neighbourhood(graph, {i}).out) W(i, j.value) = w;
  }
  return W.sparseView();
}

MixingMatrix matrix(std::string_view graph_spec, std::size_t n, std::string_view rule) {
  const Graph graph = make_graph(graph_spec, n, 0);
  return mixing_matrix(graph, *make_weight_rule(rule, graph));
}

/// What the operator is told; empty if W is accepted.
std::string refusal(const MixingMatrix& W, const Requirements& needed = {}) {
  try {
    validate(W, needed, peer_names(W.rows()));
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  return "";
}

TEST(Metropolis, CountsThePeerItself) {
  const Eigen::MatrixXd W = matrix("star", 5, "metropolis");
  EXPECT_DOUBLE_EQ(W(0, 3), 0.2);
  EXPECT_DOUBLE_EQ(W(3, 0), 0.2);
  EXPECT_DOUBLE_EQ(W(0, 0), 0.2);
  EXPECT_DOUBLE_EQ(W(3, 3), 0.8);
  EXPECT_EQ(W(1, 2), 0);
}

TEST(MaxDegree, GivesEveryEdgeTheSameWeight) {
  const Eigen::MatrixXd W = matrix("path", 4, "max-degree");
  Eigen::MatrixXd expected(4, 4);
  expected << 2, 1, 0, 0,  //
      1, 1, 1, 0,          //
      0, 1, 1, 1,          //
      0, 0, 1, 2;
  EXPECT_TRUE(W.isApprox(expected / 3, 1e-15));
}

TEST(Uniform, AveragesOverThePeerAndItsNeighbours) {
  const Eigen::MatrixXd W = matrix("path", 3, "uniform");
  Eigen::MatrixXd expected(3, 3);
  expected << 1.0 / 2, 1.0 / 2, 0,  //
      1.0 / 3, 1.0 / 3, 1.0 / 3,    //
      0, 1.0 / 2, 1.0 / 2;
  EXPECT_TRUE(W.isApprox(expected, 1e-15));
}

TEST(Validator, RefusesARingWhoseSelfWeightsForgetTheNeighbours) {
  // Neighbours get 1/3 each and the peer keeps 1/2: the rows sum to 7/6.
  EXPECT_THAT(refusal(constant_weights("ring", 8, 1.0 / 3, 0.5)),
              AllOf(StartsWith("row of peer-0 sums to 1.16667, not to 1"),
                    HasSubstr("the self weight must be 0.333333"), HasSubstr("weights = \"metropolis\"")));
}

TEST(Validator, RefusesATorusWithoutSelfWeight) {
  EXPECT_THAT(refusal(constant_weights("torus(4, 4)", 16, 0.2, 0)),
              AllOf(StartsWith("row of peer-0 sums to 0.8, not to 1"), HasSubstr("the self weight must be 0.2")));
}

TEST(Validator, RefusesAnEvenRingThatNeverMixes) {
  const MixingMatrix W = constant_weights("ring", 8, 0.5, 0);
  EXPECT_NEAR(spectrum(W).lambda_n, -1, 1e-12);
  EXPECT_THAT(refusal(W), AllOf(StartsWith("row of peer-0 keeps the self weight 0, and the smallest eigenvalue of the "
                                           "mixing matrix is -1"),
                                HasSubstr("never agree"), HasSubstr("weights = \"metropolis\"")));
  EXPECT_EQ(refusal(constant_weights("ring", 9, 0.5, 0)), "");  // an odd ring mixes even so
}

TEST(Validator, RefusesAStarWhoseHubCountsMore) {
  // Leaves keep 1/2 and give the hub 1/2; the hub gives 1/8 to all: its column sums to 1/8 + 7/2.
  EXPECT_THAT(refusal(matrix("star", 8, "uniform")),
              AllOf(StartsWith("column of peer-0 sums to 3.625, not to 1"), HasSubstr("that of peer-0 counts more"),
                    HasSubstr("weights = \"metropolis\"")));
}

TEST(Validator, AcceptsUniformWeightsWhereTheyKeepTheAverage) {
  for (const char* regular : {"ring", "complete", "hypercube", "exponential", "torus(2, 4)"})
    EXPECT_EQ(refusal(matrix(regular, 8, "uniform"), {.nonnegative = true}), "") << regular;
  EXPECT_EQ(refusal(matrix("star", 8, "uniform"), {.symmetric = false, .sums = Stochastic::rows}), "");
}

TEST(Validator, RefusesTheFirstPeerWhoseWeightsDifferFromItsNeighbours) {
  // Doubly stochastic, yet not symmetric: everyone hands its model on to the next.
  Eigen::MatrixXd W = Eigen::MatrixXd::Identity(5, 5) * 0.5;
  for (Eigen::Index i = 0; i < 5; ++i) W(i, (i + 1) % 5) = 0.5;
  EXPECT_THAT(refusal(W.sparseView()),
              StartsWith("row of peer-0: it gives peer-1 the weight 0.5, but peer-1 gives it 0;"));
  EXPECT_EQ(refusal(W.sparseView(), {.symmetric = false}), "");
}

TEST(Validator, RefusesNegativeWeightsOnlyIfTheAlgorithmDoes) {
  // The best constant weight of a star, 2 / (n + 1), leaves the hub a negative self weight but mixes faster.
  const Graph graph = make_graph("star", 8, 0);
  MixingMatrix W = constant_weights("star", 8, 2.0 / 9, 7.0 / 9);
  W.coeffRef(0, 0) = -5.0 / 9;
  EXPECT_NEAR(spectrum(W).gap, 1 - 7.0 / 9, 1e-12);
  EXPECT_EQ(refusal(W), "");
  EXPECT_THAT(refusal(W, {.nonnegative = true}),
              StartsWith("row of peer-0: the weight that it gives peer-0 is -0.555556, none may be negative"));
}

TEST(Validator, HoldsTheSmallestEigenvalueAgainstTheBound) {
  // Even rings have exactly -1/3, which D^2 must not have; odd ones stay above it.
  const Requirements d2{.lambda_n_above = -1.0 / 3};
  for (const std::size_t n : {4u, 8u, 30u}) {
    EXPECT_THAT(refusal(matrix("ring", n, "metropolis"), d2),
                AllOf(HasSubstr("the smallest eigenvalue of the mixing matrix is -0.333333"),
                      HasSubstr("needs more self weight; set weights = \"lazy\"")))
        << n;
  }
  for (const std::size_t n : {3u, 7u, 31u}) EXPECT_EQ(refusal(matrix("ring", n, "metropolis"), d2), "") << n;
  EXPECT_NE(refusal(matrix("hypercube", 8, "metropolis"), d2), "");
  EXPECT_EQ(refusal(matrix("complete", 8, "metropolis"), d2), "");
  for (const char* spec : {"ring", "hypercube", "torus(2, 4)", "star"})  // what the remedy says helps
    EXPECT_EQ(refusal(matrix(spec, 8, "lazy"), d2), "") << spec;
}

TEST(Validator, RefusesAStarWhoseHubDecidesMoreThanAThirdOfTheResult) {
  // Eight peers; the hub and a leaf count by 1 + degree in what uniform weights agree on: 8 : 2, so that the hub has
  // 8 / (8 + 7 * 2) = 36 % of the result.
  const Eigen::MatrixXd W = matrix("star", 8, "uniform");
  Eigen::MatrixXd limit = W;
  for (int doubling = 0; doubling < 12; ++doubling) limit = limit * limit;
  for (Eigen::Index i = 0; i < 8; ++i) EXPECT_NEAR(limit(i, 0), 8.0 / 22, 1e-9);
  EXPECT_THAT(refusal(W.sparseView()), HasSubstr("that of peer-0 counts more than it should"));
  EXPECT_EQ(refusal(matrix("star", 8, "metropolis")), "");
}

TEST(Validator, AsksForColumnsOnlyWhereTheSumIsKept) {
  const MixingMatrix W = matrix("star", 8, "uniform-out");
  EXPECT_EQ(refusal(W, {.symmetric = false, .sums = Stochastic::columns}), "");
  EXPECT_THAT(refusal(W, {.symmetric = false, .sums = Stochastic::rows}), StartsWith("row of peer-0 sums to"));
  EXPECT_THAT(refusal(matrix("star", 8, "uniform"), {.symmetric = false, .sums = Stochastic::columns}),
              StartsWith("column of peer-0 sums to 3.625, not to 1"));
}

TEST(Validator, WeighsRowsByTheSharesOfPeersIfTheyHaveSome) {
  const std::vector<double> shares{1, 2, 3, 4, 5, 6};
  const Graph graph = make_graph("ring", 6, 0);
  const MixingMatrix W = mixing_matrix(graph, *make_weight_rule("metropolis", graph, shares));
  EXPECT_EQ(refusal(W, {.shares = shares}), "");
  EXPECT_THAT(refusal(W), HasSubstr("column of peer-"));
  EXPECT_THAT(refusal(matrix("ring", 6, "metropolis"), {.shares = shares}), HasSubstr("column of peer-"));
  MixingMatrix turned = W;  // shares are kept, but what goes round the ring goes one way
  for (Eigen::Index i = 0; i < 6; ++i) {
    const Eigen::Index next = (i + 1) % 6;
    turned.coeffRef(i, next) += 0.01 / shares[static_cast<std::size_t>(i)];
    turned.coeffRef(next, i) -= 0.01 / shares[static_cast<std::size_t>(next)];
  }
  EXPECT_THAT(refusal(turned, {.shares = shares}), HasSubstr("both, times the peers' own weights, to be the same"));
  EXPECT_EQ(refusal(turned, {.symmetric = false, .shares = shares}), "");
}

TEST(Validator, RefusesWhatIsNotANumber) {
  MixingMatrix W = matrix("ring", 6, "metropolis");
  W.coeffRef(4, 3) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal(W), StartsWith("row of peer-4: the weight that it gives peer-3 is nan"));
}

TEST(Validator, NamesTheOneRowThatWasTamperedWith) {
  base::Random random({.seed = 7, .peer = {}, .round = {}, .stream = base::Stream::test});
  for (int trial = 0; trial < 300; ++trial) {
    const std::size_t n = 3 + random.below(30);
    MixingMatrix W = matrix(trial % 2 == 0 ? "erdos-renyi(0.5)" : "ring", n, "metropolis");
    const auto row = static_cast<Eigen::Index>(random.below(static_cast<std::uint32_t>(n)));
    const double change = (random.below(2) == 0 ? 1 : -1) * std::pow(10.0, -10 * random.uniform_double());
    W.coeffRef(row, row) += change;
    EXPECT_THAT(refusal(W), StartsWith(fmt::format("row of peer-{} sums to ", row))) << "changed by " << change;
    W.coeffRef(row, row) -= change;
    EXPECT_EQ(refusal(W), "");
  }
}

TEST(Validator, NamesTheTwoPeersWhoseWeightsWereMadeUnequal) {
  // Moving weight along a cycle of edges keeps all sums, so that only symmetry is lost.
  for (Eigen::Index at = 0; at < 6; ++at) {
    Eigen::MatrixXd W = matrix("complete", 6, "metropolis");
    const Eigen::Index next = (at + 1) % 6, last = (at + 2) % 6;
    for (const auto& [i, j] : {std::pair(at, next), std::pair(next, last), std::pair(last, at)}) {
      W(i, j) += 0.01;
      W(j, i) -= 0.01;
    }
    EXPECT_THAT(refusal(W.sparseView()),
                StartsWith(fmt::format("row of peer-{}: it gives", std::min({at, next, last}))));
  }
}

TEST(Validator, AcceptsTheRoundingOfLargeSwarms) {
  for (const char* spec : {"complete", "star", "ring"})
    EXPECT_EQ(refusal(matrix(spec, 1200, "metropolis")), "") << spec;
}

}  // namespace
}  // namespace parley::topology
