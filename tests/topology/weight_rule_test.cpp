// What every weight rule owes on every graph, and what is known of each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cmath>
#include <numbers>
#include <set>

#include "base/error.h"
#include "base/random.h"
#include "contract.h"
#include "topology/digraph.h"
#include "topology/mixing_matrix.h"
#include "topology/schedule.h"

namespace parley::topology {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// What is known of a rule beforehand.
struct WeightContract {
  std::string name;
  std::vector<std::string> specs;
  bool symmetric = true;  ///< in the inner product that the shares weigh, on every undirected graph
  bool nonnegative = true;
  bool whole_graphs = false;  ///< refused where rounds never repeat
  bool takes_shares = true;
  Sums sums = Sums::rows;
};

/// The rule `file` has tests of its own: it takes a matrix for one graph.
const std::vector<WeightContract>& weight_contracts() {
  static const std::vector<WeightContract> table = {
      {.name = "metropolis", .specs = {"metropolis"}},
      {.name = "max-degree", .specs = {"max-degree"}, .whole_graphs = true},
      {.name = "lazy", .specs = {"lazy", "lazy(max-degree)", "lazy(\"lazy(rule=best-constant)\")"}},
      {.name = "best-constant", .specs = {"best-constant"}, .nonnegative = false, .whole_graphs = true},
      {.name = "fdla", .specs = {"fdla"}, .nonnegative = false, .whole_graphs = true},
      {.name = "fmmc", .specs = {"fmmc"}, .whole_graphs = true},
      {.name = "uniform", .specs = {"uniform"}, .symmetric = false, .takes_shares = false},
      {.name = "uniform-out", .specs = {"uniform-out"}, .symmetric = false, .sums = Sums::columns},
      {.name = "file", .specs = {}},
  };
  return table;
}

std::vector<double> random_shares(std::size_t n, std::uint64_t seed) {
  base::Random random({.seed = seed, .peer = {}, .round = {}, .stream = base::Stream::test});
  std::vector<double> shares;
  for (std::size_t i = 0; i < n; ++i) shares.push_back(0.1 + 10 * random.uniform_double());
  return shares;
}

/// Calls check(contract, spec, graph, shares) for every rule on several graphs, with equal and with unequal shares.
template <class Check>
void for_every_rule(Check check) {
  for (const WeightContract& contract : weight_contracts()) {
    for (const std::string& spec : contract.specs) {
      for (const char* graph_spec : {"ring", "star", "path", "exponential", "erdos-renyi(0.4)"}) {
        for (const std::size_t n : {1u, 2u, 3u, 7u, 12u}) {
          const Graph graph = make_graph(graph_spec, n, 3);
          SCOPED_TRACE(fmt::format("{} on {} of {}", spec, graph_spec, n));
          check(contract, spec, graph, std::vector<double>());
          if (contract.takes_shares) check(contract, spec, graph, random_shares(n, n));
          if (testing::Test::HasFailure()) return;
        }
      }
    }
  }
}

TEST(EveryWeightRule, HasARowInTheContractTable) {
  std::set<std::string> registered, covered;
  for (const WeightRow& row : weight_registry()) {
    registered.emplace(row.name);
    EXPECT_FALSE(row.summary.empty()) << row.name;
  }
  for (const WeightContract& contract : weight_contracts()) covered.insert(contract.name);
  EXPECT_EQ(covered, registered);
}

TEST(EveryWeightRule, SumsToOneAsItSaysAndKeepsTheSharesOfPeers) {
  for_every_rule([](const WeightContract& contract, const std::string& spec, const Graph& graph,
                    const std::vector<double>& shares) {
    const auto rule = make_weight_rule(spec, graph, shares);
    EXPECT_EQ(rule->sums(), contract.sums);
    const Eigen::MatrixXd W = mixing_matrix(graph, *rule);
    const Eigen::Index n = W.rows();
    Eigen::VectorXd s = Eigen::VectorXd::Ones(n);
    for (Eigen::Index i = 0; i < n && !shares.empty(); ++i) s[i] = shares[static_cast<std::size_t>(i)];
    for (Eigen::Index i = 0; i < n; ++i)
      EXPECT_NEAR(contract.sums == Sums::rows ? W.row(i).sum() : W.col(i).sum(), 1, 1e-12);
    if (contract.symmetric) {
      const Eigen::MatrixXd flows = s.asDiagonal() * W;
      EXPECT_LT((flows - flows.transpose()).cwiseAbs().maxCoeff(), 1e-12 * s.maxCoeff());
      EXPECT_LT((s.transpose() * W - s.transpose()).cwiseAbs().maxCoeff(), 1e-12 * s.sum()) << "stationary";
      if (shares.empty()) {
        EXPECT_TRUE(W == W.transpose()) << "to the bit";
      }
      EXPECT_NO_THROW(validate(W.sparseView(), {.nonnegative = contract.nonnegative, .shares = shares},
                               std::vector<std::string>(static_cast<std::size_t>(n), "peer")));
    }
    if (contract.nonnegative) {
      EXPECT_GE(W.minCoeff(), -1e-12);
    }
  });
}

TEST(EveryWeightRule, HasACanonicalSpecThatIsAFixedPoint) {
  for_every_rule(
      [](const WeightContract&, const std::string& spec, const Graph& graph, const std::vector<double>& shares) {
        const std::string canonical = canonical_weight_spec(spec);
        EXPECT_EQ(canonical_weight_spec(canonical), canonical);
        EXPECT_EQ(make_weight_rule(spec, graph, shares)->spec(), canonical);
      });
  EXPECT_EQ(canonical_weight_spec("lazy"), "lazy(rule=metropolis)");
  EXPECT_THROW(make_weight_rule("metropolis(2)", make_graph("ring", 4, 0)), base::OperatorError);
  EXPECT_THROW(make_weight_rule("metropolish", make_graph("ring", 4, 0)), base::OperatorError);
  EXPECT_THROW(make_weight_rule("lazy(metropolish)", make_graph("ring", 4, 0)), base::OperatorError);
}

/// What the operator is told; empty if the rule is made.
std::string refusal(std::string_view rule, const Schedule& schedule, std::span<const double> shares = {}) {
  try {
    make_weight_rule(rule, schedule, shares);
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  return "";
}

TEST(EveryWeightRule, ThatLooksAtWholeGraphsIsRefusedWhereTheyNeverRepeat) {
  const auto matching = make_schedule("random-matching", "", 8, 0);
  for (const WeightContract& contract : weight_contracts()) {
    if (contract.specs.empty()) continue;
    const std::string message = refusal(contract.specs[0], *matching);
    if (contract.whole_graphs) {
      EXPECT_THAT(message, AllOf(HasSubstr(contract.name), HasSubstr("weights = \"metropolis\"")));
    } else {
      EXPECT_EQ(message, "");
    }
  }
}

TEST(EveryWeightRule, FollowsTheRoundsOfAPeriod) {
  const auto schedule = make_schedule("periodic(ring, \"torus(3, 4)\", star, hold=2)", "", 12, 0);
  for (const WeightContract& contract : weight_contracts()) {
    for (const std::string& spec : contract.specs) {
      const auto rule = make_weight_rule(spec, *schedule);
      for (std::uint64_t t = 0; t < 13; ++t) {
        const Eigen::MatrixXd W = mixing_matrix(*schedule, {t}, *rule);
        const Eigen::MatrixXd again = mixing_matrix(*schedule, {t + 6}, *rule);
        EXPECT_TRUE(W == again) << spec << t;
        if (contract.symmetric) {
          EXPECT_TRUE(W == W.transpose()) << spec << t;
        }
        if (spec != "best-constant" && spec != "fdla" && spec != "fmmc") continue;
        const char* alone = t / 2 % 3 == 0 ? "ring" : t / 2 % 3 == 1 ? "torus(3, 4)" : "star";
        const Graph graph = make_graph(alone, 12, 0);
        const Eigen::MatrixXd W_alone = mixing_matrix(graph, *make_weight_rule(spec, graph));
        EXPECT_TRUE(W == W_alone) << spec << t;
      }
    }
  }
}

double rate(const MixingMatrix& W) {
  return 1 - spectrum(W).gap;
}

MixingMatrix matrix(std::string_view graph_spec, std::size_t n, std::string_view rule) {
  const Graph graph = make_graph(graph_spec, n, 1);
  return mixing_matrix(graph, *make_weight_rule(rule, graph));
}

TEST(BestConstant, IsWhatItsFormulaSays) {
  const MixingMatrix ring = matrix("ring", 8, "best-constant");
  EXPECT_NEAR(ring.coeff(0, 1), 0.436130, 5e-7);
  EXPECT_NEAR(rate(ring), 0.744521, 5e-7);
  const MixingMatrix path = matrix("path", 8, "best-constant");
  EXPECT_NEAR(path.coeff(0, 1), 0.5, 1e-12);
  EXPECT_NEAR(rate(path), 0.923880, 5e-7);
  const MixingMatrix grid =
      matrix("file(\"" + write_file("grid.csv", "0,1\n1,2\n3,4\n4,5\n6,7\n7,8\n0,3\n3,6\n1,4\n4,7\n2,5\n5,8\n") + "\")",
             9, "best-constant");
  EXPECT_NEAR(grid.coeff(0, 1), 2.0 / 7, 1e-12);
  EXPECT_NEAR(rate(grid), 0.714286, 5e-7);
  EXPECT_NEAR(grid.coeff(4, 4), -1.0 / 7, 1e-12);
  const MixingMatrix star = matrix("star", 8, "best-constant");
  EXPECT_NEAR(star.coeff(0, 1), 2.0 / 9, 1e-12);
  EXPECT_NEAR(star.coeff(0, 0), -5.0 / 9, 1e-12);
  EXPECT_NEAR(rate(star), 7.0 / 9, 1e-12);
}

TEST(BestConstant, OfAMatchingIsOneHalf) {
  const auto schedule = make_schedule("one-peer-hypercube", "", 8, 0);
  const auto rule = make_weight_rule("best-constant", *schedule);
  for (std::uint64_t t = 0; t < 3; ++t) EXPECT_NEAR(mixing_matrix(*schedule, {t}, *rule).coeff(0, 1 << t), 0.5, 1e-12);
}

TEST(BestConstant, OfALargeRingIsThatOfItsFormula) {
  // Laplacian eigenvalues of a ring of n: 2 - 2 cos(2 pi k / n). Even n have 4 as the largest.
  const std::size_t n = 1600;
  const double smallest = 2 - 2 * std::cos(2 * std::numbers::pi / static_cast<double>(n));
  const Graph graph = make_graph("ring", n, 0);
  EXPECT_NEAR(make_weight_rule("best-constant", graph)->weight({.from = {0}, .to = {1}}), 2 / (4 + smallest), 1e-8);
}

TEST(FastestMixing, IsBestConstantWhereAllEdgesAreAlike) {
  for (const auto& [spec, n] : {std::pair("ring", 9u), {"complete", 7u}, {"star", 8u}, {"hypercube", 16u}}) {
    EXPECT_NEAR(rate(matrix(spec, n, "fdla")), rate(matrix(spec, n, "best-constant")), 1e-9) << spec;
  }
  // Nonnegative weights: the hub of a star has 1 / (n - 1) for each leaf and nothing for itself.
  EXPECT_NEAR(rate(matrix("star", 8, "fmmc")), 6.0 / 7, 1e-9);
  EXPECT_NEAR(rate(matrix("ring", 9, "fmmc")), rate(matrix("ring", 9, "best-constant")), 1e-9);
}

TEST(FastestMixing, IsNeverSlowerThanTheRulesItStartsFrom) {
  for (const char* spec : {"path", "erdos-renyi(0.4)", "exponential", "torus(3, 5)"}) {
    const double metropolis = rate(matrix(spec, 15, "metropolis"));
    EXPECT_LE(rate(matrix(spec, 15, "fmmc")), metropolis + 1e-12) << spec;
    EXPECT_LE(rate(matrix(spec, 15, "fdla")), std::min(metropolis, rate(matrix(spec, 15, "best-constant"))) + 1e-12);
    EXPECT_LE(rate(matrix(spec, 15, "fdla")), rate(matrix(spec, 15, "fmmc")) + 0.01) << spec;
  }
}

/// Two triangles joined by an edge: with weight a on the bridge and b and c elsewhere, the rate is found by trying them
/// out.
TEST(FastestMixing, ComesNearTheOptimumThatTryingOutFinds) {
  const std::string path = write_file("barbell.csv", "0,1\n0,2\n1,2\n2,3\n3,4\n3,5\n4,5\n");
  const std::string spec = "file(\"" + path + "\")";
  const auto rate_of = [](double bridge, double spoke, double rim) {
    Eigen::MatrixXd W = Eigen::MatrixXd::Identity(6, 6);
    const auto join = [&](Eigen::Index i, Eigen::Index j, double w) {
      W(i, j) += w;
      W(j, i) += w;
      W(i, i) -= w;
      W(j, j) -= w;
    };
    join(2, 3, bridge);
    for (const auto& [i, j] : {std::pair(0, 2), std::pair(1, 2), std::pair(3, 4), std::pair(3, 5)}) join(i, j, spoke);
    join(0, 1, rim);
    join(4, 5, rim);
    return (W.array() - 1.0 / 6).matrix().selfadjointView<Eigen::Lower>().operatorNorm();
  };
  double best = 1, best_nonnegative = 1;  // by symmetry and convexity an optimum has equal weights on equal edges
  for (double bridge = 0; bridge <= 1; bridge += 0.02) {
    for (double spoke = 0; spoke <= 1; spoke += 0.02) {
      for (double rim = -0.5; rim <= 0.5; rim += 0.02) {
        const double found = rate_of(bridge, spoke, rim);
        best = std::min(best, found);
        if (rim >= 0 && bridge + 2 * spoke <= 1 && spoke + rim <= 1)
          best_nonnegative = std::min(best_nonnegative, found);
      }
    }
  }
  EXPECT_LT(rate(matrix(spec, 6, "fdla")), best + 0.01);
  EXPECT_LT(rate(matrix(spec, 6, "fmmc")), best_nonnegative + 0.01);
}

TEST(FastestMixing, IsForConnectedGraphsOfModestSize) {
  EXPECT_THAT(refusal("fdla", *make_schedule("one-peer-hypercube", "", 8, 0)),
              AllOf(HasSubstr("connected graph in every round"), HasSubstr("round 0")));
  EXPECT_THAT(refusal("fmmc", *make_schedule("static", "ring", 300, 0)), HasSubstr("weights = \"best-constant\""));
  EXPECT_THAT(refusal("fmmc", *make_schedule("static", "directed-ring", 30, 0)), HasSubstr("go both ways"));
}

TEST(Uniform, LeavesNoRoomForShares) {
  EXPECT_THAT(refusal("uniform", *make_schedule("static", "ring", 3, 0), std::vector<double>{1, 2, 3}),
              HasSubstr("would be ignored"));
}

TEST(UniformOut, SharesOutWhatThePeerHasOnADirectedGraph) {
  const auto schedule = make_schedule("epidemic(3, weights=rule)", "", 20, 2);
  const auto rule = make_weight_rule("uniform-out", *schedule);
  for (std::uint64_t t = 0; t < 5; ++t) {
    const Eigen::MatrixXd A = mixing_matrix(*schedule, {t}, *rule);
    for (Eigen::Index j = 0; j < 20; ++j) {
      EXPECT_NEAR(A.col(j).sum(), 1, 1e-12);
      EXPECT_NEAR(A(j, j), 0.25, 1e-12);
      EXPECT_EQ((A.col(j).array() > 0).count(), 4);
    }
  }
}

TEST(WeightedMetropolis, AgreesOnTheMeanThatTheSharesWeigh) {
  const std::vector<double> shares{1, 5, 2, 2, 10};
  const Graph graph = make_graph("path", 5, 0);
  Eigen::MatrixXd limit = mixing_matrix(graph, *make_weight_rule("metropolis", graph, shares));
  for (int doubling = 0; doubling < 14; ++doubling) limit = limit * limit;
  for (Eigen::Index i = 0; i < 5; ++i) {
    for (Eigen::Index j = 0; j < 5; ++j) EXPECT_NEAR(limit(i, j), shares[static_cast<std::size_t>(j)] / 20, 1e-9);
  }
}

std::string given(const std::string& content, std::string_view options = "") {
  return fmt::format("file(\"{}\"{})", write_file("w.csv", content), options);
}

TEST(GivenWeights, AreThoseOfTheFile) {
  const auto path = make_schedule("static", "path", 3, 0);
  const std::string content = "# W\n0.75, 0.25, 0\n\n0.25,0.5,0.25\r\n0,0.25,0.75";
  const auto rule = make_weight_rule(given(content), *path);
  Eigen::MatrixXd W(3, 3);
  W << 0.75, 0.25, 0, 0.25, 0.5, 0.25, 0, 0.25, 0.75;
  EXPECT_TRUE(Eigen::MatrixXd(mixing_matrix(*path, {}, *rule)) == W);
  const auto columns = make_weight_rule(given("1,0.5,0\n0,0.5,0.5\n0,0,0.5", ", sums=columns"), *path);
  EXPECT_EQ(columns->sums(), Sums::columns);
  EXPECT_EQ(mixing_matrix(*path, {}, *columns).coeff(1, 2), 0.5);
}

TEST(GivenWeights, HaveAnotherFingerprintIfTheFileHasAnotherNumber) {
  const auto path = make_schedule("static", "path", 3, 0);
  const auto of = [&](const std::string& content) {
    return fingerprint(mixing_matrix(*path, {}, *make_weight_rule(given(content), *path)));
  };
  const std::string content = "0.75,0.25,0\n0.25,0.5,0.25\n0,0.25,0.75";
  EXPECT_EQ(of(content), of(content));
  EXPECT_EQ(of(content), of("# the same\n0.75,0.25,0\n2.5e-1,0.5,0.25\n0,0.25,0.75\n"));
  EXPECT_NE(of(content), of("0.75,0.25,0\n0.25,0.5000000001,0.2499999999\n0,0.25,0.75"));
}

TEST(GivenWeights, ThatMakeNoSenseAreRefusedWithTheirLine) {
  const auto path = make_schedule("static", "path", 3, 0);
  const auto told = [&](const std::string& content, std::string_view options = "") {
    return refusal(given(content, options), *path);
  };
  EXPECT_THAT(told("0.75,0.25,0\n0.5,0.5,0.25\n0,0.25,0.75"),
              HasSubstr(":2: row 1 sums to 1.25, not to 1: its self weight must be 0.25"));
  EXPECT_THAT(told("0.5,0.25,0.25\n0.25,0.5,0.25\n0.25,0.25,0.5"),
              HasSubstr(":1: row 0 gives peer 2 the weight 0.25, but peer 0 does not hear peer 2"));
  EXPECT_THAT(told("1,0,0\n0,1,0"), HasSubstr(":2: ends after 2 rows, the swarm has 3 peers"));
  EXPECT_THAT(told("1,0,0\n0,1\n0,0,1"), HasSubstr(":2: row 1 has 2 entries"));
  EXPECT_THAT(told("1,0,0,0\n0,1,0\n0,0,1"), HasSubstr(":1: row 0 has more than 3 entries"));
  EXPECT_THAT(told("1,0,0\n0,1,0\n0,0,1\n0,0,1"), HasSubstr(":4: one row too many"));
  EXPECT_THAT(told("1,0,0\n0,one,0\n0,0,1"), HasSubstr(":2: row 1, entry 1: expected a number"));
  EXPECT_THAT(told("1,0,0\n0,nan,0\n0,0,1"), HasSubstr(":2: row 1, entry 1: expected a number"));
  EXPECT_THAT(told("1,,0\n0,1,0\n0,0,1"), HasSubstr(":1: row 0, entry 1: expected a number"));
  EXPECT_THAT(told("1,0.5,0\n0,0.25,0.5\n0,0,0.5", ", sums=columns"), HasSubstr(":2: column 1 sums to 0.75"));
  EXPECT_THAT(refusal("file(\"/nowhere\")", *path), HasSubstr("cannot be opened"));
  EXPECT_THAT(refusal(given("1,0\n0,1"), *make_schedule("one-peer-hypercube", "", 4, 0)),
              HasSubstr("one matrix for all rounds"));
}

}  // namespace
}  // namespace parley::topology
