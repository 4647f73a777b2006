// The validator of schedules, joint connectivity, contraction, and the summary of a schedule.
#include "topology/schedule_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/SVD>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/random.h"
#include "contract.h"
#include "schedule_contract.h"
#include "topology/contraction.h"
#include "topology/digraph.h"
#include "topology/joint_connectivity.h"
#include "topology/schedule_summary.h"

namespace parley::topology {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

struct Subject {
  std::string schedule = "static";
  std::string graph = "ring";
  std::size_t n = 8;
  std::string weights = "metropolis";
};

std::vector<std::string> names_of(std::size_t n) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < n; ++i) names.push_back(fmt::format("peer-{}", i));
  return names;
}

ScheduleCheck check(const Subject& subject, const ScheduleRequirements& needed = {}) {
  const auto schedule = make_schedule(subject.schedule, subject.graph, subject.n, 1);
  return validate(*schedule, *make_weight_rule(subject.weights, *schedule), needed, names_of(subject.n));
}

/// What the operator is told; empty if all is well.
std::string refusal(const Subject& subject, const ScheduleRequirements& needed = {}) {
  try {
    check(subject, needed);
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  return "";
}

const ScheduleRequirements kRows{.matrix = {.symmetric = false, .sums = Stochastic::rows}};
const ScheduleRequirements kBoth{.matrix = {.symmetric = false}};
const ScheduleRequirements kColumns{.matrix = {.symmetric = false, .sums = Stochastic::columns}};

TEST(ScheduleCheck, AcceptsWhatKeepsTheAverageInEveryRound) {
  for (const char* schedule : {"static", "periodic(ring, star)", "one-peer-hypercube", "base", "random-matching",
                               "random-regular(3)", "random-edges(0.5)", "equidyn(undirected)"}) {
    EXPECT_EQ(refusal({.schedule = schedule}), "") << schedule;
  }
  for (const char* schedule : {"one-peer-exponential", "equidyn"})
    EXPECT_EQ(refusal({.schedule = schedule}, kBoth), "");
  EXPECT_EQ(refusal({.schedule = "epidemic(2)"}, kRows), "");
  EXPECT_EQ(refusal({.schedule = "epidemic(2, weights=rule)", .weights = "uniform-out"}, kColumns), "");
}

TEST(ScheduleCheck, RefusesDirectedRoundsWhereWMustBeSymmetric) {
  EXPECT_THAT(
      refusal({.schedule = "one-peer-exponential"}),
      AllOf(StartsWith("in round 0 of one-peer-exponential: row of peer-"), HasSubstr("the algorithm needs both")));
  EXPECT_THAT(refusal({.schedule = "one-peer-exponential"}, {.matrix = {.symmetric = false}, .undirected = true}),
              AllOf(HasSubstr("peer-0 sends to peer-7 but does not hear it"), HasSubstr("one-peer-hypercube")));
  EXPECT_THAT(
      refusal({.graph = "directed-ring"}, {.matrix = {.symmetric = false}, .undirected = true}),
      AllOf(StartsWith("peer-0 sends to peer-1 but does not hear it"), HasSubstr("choose an undirected graph")));
}

TEST(ScheduleCheck, RefusesWeightsThatLoseTheAverageAndSaysWhoseTheyAre) {
  EXPECT_THAT(refusal({.schedule = "epidemic(2)"}, kBoth),
              AllOf(StartsWith("in round 0 of epidemic(s=2, weights=receiver): column of peer-"),
                    HasSubstr("choose another schedule")));
  EXPECT_THAT(refusal({.schedule = "periodic(ring, star)", .weights = "uniform"}, kBoth),
              AllOf(StartsWith("in round 1 of periodic(\"ring\", \"star\", hold=1): column of peer-0 sums to 3.625"),
                    HasSubstr("weights = \"metropolis\"")));
}

TEST(ScheduleCheck, HoldsTheSmallestEigenvalueAgainstTheBoundInEveryRound) {
  const ScheduleRequirements d2{.matrix = {.lambda_n_above = -1.0 / 3}};
  EXPECT_THAT(refusal({.schedule = "periodic(complete, ring)"}, d2),
              AllOf(StartsWith("in round 1 of"), HasSubstr("-0.333333"), HasSubstr("weights = \"lazy\"")));
  EXPECT_EQ(refusal({.schedule = "periodic(complete, ring)", .weights = "lazy"}, d2), "");
  EXPECT_EQ(refusal({.schedule = "random-matching"}, d2), "");  // 1/2 and 1/2: no eigenvalue below 0
}

TEST(ScheduleCheck, RefusesSchedulesWhereTheGraphMustStay) {
  EXPECT_THAT(refusal({.schedule = "random-matching"}, {.is_static = true}), HasSubstr("schedule = \"static\""));
  EXPECT_EQ(refusal({}, {.is_static = true}), "");
}

TEST(ScheduleCheck, NamesTheEdgeThatClosesACycleOfATree) {
  const ScheduleRequirements tree{.tree = true};
  EXPECT_THAT(refusal({}, tree),
              AllOf(StartsWith("the graph is not a tree: the edge of peer-"), HasSubstr("\"star\"")));
  for (const char* graph : {"star", "path"}) EXPECT_EQ(refusal({.graph = graph}, tree), "");
  EXPECT_THAT(refusal({.schedule = "periodic(star, ring)"}, tree), StartsWith("in round 1 of"));
  const std::string forest = write_file("forest.csv", "0,1\n1,2\n3,4\n");
  EXPECT_THAT(refusal({.graph = "file(\"" + forest + "\")", .n = 5}, tree),
              HasSubstr("smallest of which is peer-3, peer-4"));
}

TEST(ScheduleCheck, NamesAnOddCycleOfAGraphThatIsNotBipartite) {
  const ScheduleRequirements bipartite{.bipartite = true};
  for (const char* graph : {"ring", "star", "hypercube", "torus(2, 4)"})
    EXPECT_EQ(refusal({.graph = graph}, bipartite), "") << graph;
  const std::string file = write_file("odd.csv", "0,1\n1,2\n2,3\n3,4\n2,4\n");
  const std::string message = refusal({.graph = "file(\"" + file + "\")", .n = 5}, bipartite);
  EXPECT_THAT(message, AllOf(HasSubstr("peer-2"), HasSubstr("peer-3"), HasSubstr("peer-4"),
                             HasSubstr("a cycle of odd length 3")));
  EXPECT_THAT(refusal({.n = 9}, bipartite), HasSubstr("odd length 9"));
}

TEST(ScheduleCheck, NamesThoseWhomNoRoundReaches) {
  const std::string split = write_file("split.csv", "0,0,1\n1,1,2\n2,3,4\n");
  EXPECT_THAT(
      refusal({.schedule = "timed(\"" + split + "\")", .n = 5}),
      AllOf(HasSubstr("over all of rounds 0 to 2 of timed("), HasSubstr("smallest of which is peer-3, peer-4")));
  const std::string one_way = write_file("oneway.csv", "0,0,1\n1,1,2\n2,2,1\n");
  EXPECT_THAT(refusal({.schedule = "timed(\"" + one_way + "\", edges=directed)", .n = 3}, kRows),
              HasSubstr("nothing that the others know reaches peer-0"));
  const std::string apart = write_file("apart.csv", "0,1\n2,3\n");
  EXPECT_THAT(refusal({.graph = "file(\"" + apart + "\")", .n = 4}), StartsWith("the graph is not connected"));
}

TEST(ScheduleCheck, ReportsWhatItSaw) {
  const ScheduleCheck fixed = check({});
  EXPECT_TRUE(fixed.all_rounds);
  EXPECT_EQ(fixed.rounds, 1u);
  EXPECT_EQ(fixed.window, 1u);
  const ScheduleCheck hypercube = check({.schedule = "one-peer-hypercube"});
  EXPECT_TRUE(hypercube.all_rounds);
  EXPECT_EQ(hypercube.window, 3u);
  const ScheduleCheck matching = check({.schedule = "random-matching"});
  EXPECT_FALSE(matching.all_rounds);
  EXPECT_EQ(matching.rounds, kSampledRounds);
  EXPECT_GT(matching.window, 1u);
  EXPECT_THAT(refusal({.schedule = "one-peer-hypercube"}, {.connected_within = 2}),
              HasSubstr("it takes up to 3 rounds in a row"));
  EXPECT_EQ(refusal({.schedule = "one-peer-hypercube"}, {.connected_within = 3}), "");
}

/// B by its definition: the smallest such that the union of any B rounds in a row is connected.
std::optional<std::uint64_t> naive_window(const std::vector<std::vector<Neighbourhood>>& rounds) {
  for (std::uint64_t B = 1; B <= rounds.size(); ++B) {
    bool always = true;
    for (std::size_t first = 0; first + B <= rounds.size() && always; ++first) {
      std::vector<WeightedArc> arcs;
      for (std::size_t t = first; t < first + B; ++t) {
        for (std::size_t i = 0; i < rounds[t].size(); ++i) {
          for (const base::PeerId j : rounds[t][i].in) arcs.push_back({.from = j.value, .to = i});
        }
      }
      always = shape(simple_digraph(rounds[0].size(), arcs, {})).components == 1;
    }
    if (always) return B;
  }
  return std::nullopt;
}

TEST(JointConnectivity, IsTheSmallestWindowAfterEveryRound) {
  for (const ScheduleContract& contract : schedule_contracts()) {
    for (const std::size_t n : {1u, 2u, 5u, 9u}) {
      for (std::uint32_t choice = 0; choice < 3; ++choice) {
        const auto spec = contract.spec_for(n, choice);
        if (!spec) continue;
        const auto schedule = make_schedule(*spec, "ring", n, choice);
        JointConnectivity watched(n);
        std::vector<std::vector<Neighbourhood>> rounds;
        for (std::uint64_t t = 0; t < 14; ++t) {
          rounds.push_back(schedule->neighbourhoods({t}));
          watched.observe(rounds.back());
          ASSERT_EQ(watched.window(), naive_window(rounds)) << *spec << " on " << n << ", round " << t;
        }
      }
    }
  }
}

TEST(JointConnectivity, OfAPeriodCountsWindowsThatCrossItsEnd) {
  // Edge 0-1 only in the first round of five, 1-2 only in the last but one: the longest wait is for both in one window.
  const std::string file = write_file("period.csv", "0,0,1\n3,1,2\n");
  const auto schedule = make_schedule("timed(\"" + file + "\", period=5)", "", 3, 0);
  EXPECT_EQ(joint_window(*schedule, {}, 9), 6u - 1u);
  EXPECT_EQ(check({.schedule = "timed(\"" + file + "\", period=5)", .n = 3}).window, 5u);
}

Contraction contract_over(const Subject& subject, std::uint64_t rounds) {
  const auto schedule = make_schedule(subject.schedule, subject.graph, subject.n, 1);
  return contraction(*schedule, *make_weight_rule(subject.weights, *schedule), {}, rounds);
}

TEST(Contraction, OfAFixedGraphIsThePowerOfItsGap) {
  for (const std::size_t n : {8u, 50u}) {  // on either side of where Lanczos takes over
    const double gap = 2.0 / 3 * (1 - std::cos(2 * std::numbers::pi / static_cast<double>(n)));
    for (const std::uint64_t rounds : {1u, 2u, 7u}) {
      const Contraction found = contract_over({.n = n}, rounds);
      EXPECT_NEAR(*found.norm, std::pow(1 - gap, static_cast<double>(rounds)), 1e-9);
    }
  }
}

TEST(Contraction, OfALargeRingIsThatOfItsFormula) {
  const double gap = 2.0 / 3 * (1 - std::cos(2 * std::numbers::pi / 2500));
  const Contraction found = contract_over({.n = 2500}, 3);
  EXPECT_NEAR(*found.norm, std::pow(1 - gap, 3), 1e-6);
  EXPECT_FALSE(found.dobrushin);
}

TEST(Contraction, IsNothingAfterAPeriodThatAveragesExactly) {
  EXPECT_LT(*contract_over({.schedule = "one-peer-exponential", .n = 16}, 4).norm, 1e-12);
  EXPECT_LT(*contract_over({.schedule = "one-peer-exponential", .n = 64}, 6).norm, 1e-12);
  EXPECT_LT(*contract_over({.schedule = "base", .n = 25}, 9).norm, 1e-12);
  EXPECT_NEAR(*contract_over({.schedule = "one-peer-exponential", .n = 6}, 3).norm, 0.217, 5e-4);
}

TEST(Contraction, IsOneWhereSomebodyIsLeftOut) {
  const std::string file = write_file("apart.csv", "0,0,1\n1,2,3\n");
  EXPECT_NEAR(*contract_over({.schedule = "timed(\"" + file + "\")", .n = 4}, 8).norm, 1, 1e-12);
}

TEST(Contraction, OfDirectedGraphsIsTheLargestSingularValue) {
  EXPECT_NEAR(*contract_over({.graph = "directed-ring", .n = 60}, 1).norm, std::cos(std::numbers::pi / 60), 1e-9);
  EXPECT_NEAR(*contract_over({.graph = "directed-exponential", .n = 64}, 1).norm, 5.0 / 7, 1e-9);
}

TEST(Contraction, IsThatOfTheDenseProduct) {
  for (const ScheduleContract& contract : schedule_contracts()) {
    for (const std::size_t n : {2u, 11u, 45u}) {
      const auto spec = contract.spec_for(n, 2);
      if (!spec) continue;
      const auto schedule = make_schedule(*spec, "ring", n, 3);
      const auto size = static_cast<Eigen::Index>(n);
      Eigen::MatrixXd product = Eigen::MatrixXd::Identity(size, size);
      for (std::uint64_t t = 5; t < 12; ++t) product = naive_round_matrix(*schedule, {t}) * product;
      const Eigen::MatrixXd J = Eigen::MatrixXd::Constant(size, size, 1.0 / static_cast<double>(n));
      const double norm = (product - J * product).jacobiSvd().singularValues()[0];
      const Contraction found = contraction(*schedule, *make_weight_rule("metropolis", *schedule), {5}, 7);
      EXPECT_NEAR(found.norm.value(), norm, 1e-8) << *spec << n;
      EXPECT_EQ(found.dobrushin.has_value(),
                contract.doubly_stochastic || (product.colwise().sum().array() - 1).abs().maxCoeff() < 1e-9)
          << *spec;
    }
  }
}

TEST(Contraction, OfPushSumIsWhatIsStillToldApart) {
  // Two peers: a column (1/2, 1/2) each forgets at once. Three in a directed ring: after two rounds the columns are
  // (1/4, 1/2, 1/4) in turn, any two of which differ by 1/4 in two places.
  EXPECT_NEAR(*contract_over({.n = 2, .weights = "uniform-out"}, 1).dobrushin, 0, 1e-15);
  const Contraction ring = contract_over({.graph = "directed-ring", .n = 3, .weights = "uniform-out"}, 2);
  EXPECT_NEAR(*ring.dobrushin, 0.25, 1e-15);
  const Contraction star = contract_over({.graph = "star", .weights = "uniform-out"}, 1);
  EXPECT_FALSE(star.norm);  // its rows do not sum to one
  EXPECT_TRUE(star.dobrushin);
  const std::string file = write_file("apart.csv", "0,1\n2,3\n");
  EXPECT_NEAR(*contract_over({.graph = "file(\"" + file + "\")", .n = 4, .weights = "uniform-out"}, 9).dobrushin, 1,
              1e-15);
}

double mean_square(const std::string& spec, std::size_t n, std::uint64_t rounds) {
  const auto schedule = make_schedule(spec, "", n, 4);
  return mean_square_rate(*schedule, *make_weight_rule("metropolis", *schedule), {}, rounds);
}

/// How far the largest eigenvalue of a mean of `rounds` matrices may be from that of the expectation: each of them
/// differs from it by a norm of at most 1, and matrix Bernstein's inequality leaves more than this with a probability
/// below n exp(-27) < 1e-10.
double tolerance(std::uint64_t rounds) {
  return std::sqrt(2 * 27.0 / static_cast<double>(rounds)) + 18.0 / static_cast<double>(rounds);
}

TEST(MeanSquareRate, OfARandomMatchingIsThatOfItsFormula) {
  for (const std::size_t n : {4u, 8u, 12u}) {
    const double expected = static_cast<double>(n - 2) / static_cast<double>(2 * (n - 1));
    EXPECT_NEAR(mean_square("random-matching", n, 20000), expected, tolerance(20000)) << n;
  }
}

TEST(MeanSquareRate, OfARandomRegularGraphFollowsFromItsDegree) {
  // (|W|_F^2 - 1) / (n - 1), with n (k+1) entries of 1/(k+1).
  for (const auto& [n, k] : {std::pair(9.0, 2.0), {12.0, 5.0}}) {
    const double expected = (n / (k + 1) - 1) / (n - 1);
    EXPECT_NEAR(mean_square(fmt::format("random-regular({})", k), static_cast<std::size_t>(n), 20000), expected,
                tolerance(20000));
  }
}

TEST(MeanSquareRate, OfEquiDynDoesNotDependOnTheNumberOfPeers) {
  // With a = eta (n-1)/n and u uniform: (1-a)^2 + a^2 - 2 a (1-a) / (n-1), which is (n-1) / 2n for eta = 1/2.
  for (const std::size_t n : {5u, 12u}) {
    const double expected = static_cast<double>(n - 1) / static_cast<double>(2 * n);
    EXPECT_NEAR(mean_square("equidyn", n, 20000), expected, tolerance(20000)) << n;
  }
}

TEST(MeanSquareRate, OfAFixedGraphIsItsRateSquared) {
  const auto ring = make_schedule("static", "ring", 10, 0);
  const double gap = 2.0 / 3 * (1 - std::cos(2 * std::numbers::pi / 10));
  EXPECT_NEAR(mean_square_rate(*ring, *make_weight_rule("metropolis", *ring), {}, 3), (1 - gap) * (1 - gap), 1e-12);
}

TEST(ObservedRate, OfALongRunIsThatOfTheSlowestVector) {
  const auto ring = make_schedule("static", "ring", 10, 0);
  const double gap = 2.0 / 3 * (1 - std::cos(2 * std::numbers::pi / 10));
  // What the start has of the slowest vectors is at least some thousandth: ln(1000) / 4000 rounds.
  EXPECT_NEAR(observed_rate(*ring, *make_weight_rule("metropolis", *ring), {}, 4000), 1 - gap, 2e-3);
  const auto exact = make_schedule("one-peer-hypercube", "", 8, 0);
  EXPECT_EQ(observed_rate(*exact, *make_weight_rule("metropolis", *exact), {}, 5), 0);
}

ScheduleSummary summary(const Subject& subject) {
  const auto schedule = make_schedule(subject.schedule, subject.graph, subject.n, 1);
  return summarise(*schedule, *make_weight_rule(subject.weights, *schedule));
}

TEST(ScheduleSummary, OfARingIsThatOfTheGraph) {
  const ScheduleSummary ring = summary({});
  EXPECT_TRUE(ring.all_rounds && ring.symmetric && ring.doubly_stochastic && !ring.directed);
  EXPECT_EQ(ring.messages_per_round, 16);
  EXPECT_EQ(ring.busiest_messages, 4);
  EXPECT_EQ(ring.most_links, 2u);
  EXPECT_EQ(ring.joint_window, 1u);
  const double rate = 1 - 2.0 / 3 * (1 - std::sqrt(0.5));
  EXPECT_NEAR(*ring.per_round, rate, 1e-12);
  EXPECT_EQ(*ring.rounds_to_a_thousandth, std::ceil(std::log(1000) / -std::log(rate)));
}

TEST(ScheduleSummary, OfSchedulesThatAverageExactlyIsTheirPeriod) {
  EXPECT_EQ(summary({.schedule = "one-peer-hypercube", .n = 16}).rounds_to_a_thousandth, 4);
  EXPECT_EQ(summary({.schedule = "base", .n = 25}).rounds_to_a_thousandth, 9);
  const ScheduleSummary exponential = summary({.schedule = "one-peer-exponential", .n = 16});
  EXPECT_EQ(exponential.rounds_to_a_thousandth, 4);
  EXPECT_TRUE(exponential.directed && exponential.doubly_stochastic && !exponential.symmetric);
  EXPECT_EQ(exponential.messages_per_round, 16);
  EXPECT_EQ(exponential.most_links, 7u);
  EXPECT_EQ(exponential.joint_window, 4u);
}

TEST(ScheduleSummary, OfRandomRoundsSaysThatTheyAreASample) {
  const ScheduleSummary matching = summary({.schedule = "random-matching", .n = 12});
  EXPECT_FALSE(matching.all_rounds);
  EXPECT_EQ(matching.rounds, 64u);
  EXPECT_EQ(matching.most_links, 11u);
  EXPECT_TRUE(matching.mean_square && matching.joint_window && matching.rounds_to_a_thousandth);
  const ScheduleSummary epidemic = summary({.schedule = "epidemic(2)", .n = 12});
  EXPECT_TRUE(epidemic.directed && !epidemic.doubly_stochastic && epidemic.rounds_to_a_thousandth);
  const ScheduleSummary push = summary({.graph = "star", .weights = "uniform-out"});
  EXPECT_FALSE(push.rounds_to_a_thousandth);
}

TEST(ScheduleSummary, OfOnePeerIsQuiet) {
  for (const char* schedule : {"static", "random-matching", "base", "one-peer-exponential", "equidyn"}) {
    const ScheduleSummary alone = summary({.schedule = schedule, .n = 1});
    EXPECT_EQ(alone.messages_per_round, 0) << schedule;
    EXPECT_EQ(alone.joint_window, 1u) << schedule;
    EXPECT_EQ(alone.rounds_to_a_thousandth, 1) << schedule;
  }
}

}  // namespace
}  // namespace parley::topology
