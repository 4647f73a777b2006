#include "topology/summary.h"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cmath>

namespace parley::topology {
namespace {

Summary summary_of(std::string_view graph_spec, std::size_t n, std::string_view rule = "metropolis") {
  const Graph graph = make_graph(graph_spec, n, 1);
  return summarise(graph, *make_weight_rule(rule, graph));
}

TEST(Summary, OfARingIsWhatItsFormulasSay) {
  const Summary ring = summary_of("ring", 8);
  EXPECT_EQ(ring.shape.edges, 8u);
  EXPECT_EQ(ring.shape.diameter, 4u);
  EXPECT_TRUE(ring.shape.bipartite);
  EXPECT_EQ(ring.messages_per_round, 16u);
  EXPECT_EQ(ring.busiest_peer, base::PeerId{0});
  ASSERT_TRUE(ring.spectrum);
  const double gap = 2.0 / 3 * (1 - std::sqrt(0.5));  // cos(2 pi / 8) is the root of one half
  EXPECT_NEAR(ring.spectrum->gap, gap, 1e-12);
  ASSERT_TRUE(ring.rounds_to_a_thousandth);
  EXPECT_NEAR(std::pow(1 - gap, *ring.rounds_to_a_thousandth), 1e-3, 1e-12);
}

TEST(Summary, RoundsShrinkTheConsensusDistanceOfTheSlowestVectorToAThousandth) {
  for (const char* spec : {"ring", "path", "star", "torus(3, 5)", "exponential"}) {
    const Graph graph = make_graph(spec, 15, 1);
    const auto rule = make_weight_rule("metropolis", graph);
    const double rounds = *summarise(graph, *rule).rounds_to_a_thousandth;
    // The worst case over all start vectors is the norm of W^t - J.
    const Eigen::MatrixXd W = mixing_matrix(graph, *rule);
    Eigen::MatrixXd deviation = W - Eigen::MatrixXd::Constant(15, 15, 1.0 / 15);
    const Eigen::MatrixXd step = deviation;
    for (int t = 1; t < static_cast<int>(std::ceil(rounds)); ++t) deviation = deviation * step;
    const double shrunk = deviation.operatorNorm();
    EXPECT_LE(shrunk, 1e-3 * (1 + 1e-9)) << spec;
    EXPECT_GT(shrunk, 1e-3 * (1 - summarise(graph, *rule).spectrum->gap) * (1 - 1e-9)) << spec;
  }
}

TEST(Summary, OfACompleteGraphNeedsOneRound) {
  for (const std::size_t n : {1u, 2u, 3u, 20u}) EXPECT_EQ(summary_of("complete", n).rounds_to_a_thousandth, 1.0) << n;
}

TEST(Summary, NamesTheHubOfAStarAsBusiest) {
  const Summary star = summary_of("star", 9);
  EXPECT_EQ(star.busiest_peer, base::PeerId{0});
  EXPECT_EQ(star.shape.max_degree, 8u);
  EXPECT_EQ(summary_of("path", 9).busiest_peer, base::PeerId{1});
}

TEST(Summary, HasNoRoundsWhereModelsNeverAgree) {
  const Graph apart(3);  // three peers without an edge
  const Summary summary = summarise(apart, *make_weight_rule("metropolis", apart));
  EXPECT_EQ(summary.shape.components, 3u);
  EXPECT_FALSE(summary.shape.diameter);
  EXPECT_NEAR(summary.spectrum->gap, 0, 1e-12);
  EXPECT_FALSE(summary.rounds_to_a_thousandth);
}

TEST(Summary, HasNoSpectrumIfWeightsAreNotSymmetric) {
  const Summary star = summary_of("star", 9, "uniform");
  EXPECT_FALSE(star.spectrum);
  EXPECT_FALSE(star.rounds_to_a_thousandth);
  EXPECT_EQ(star.shape.edges, 8u);
}

}  // namespace
}  // namespace parley::topology
