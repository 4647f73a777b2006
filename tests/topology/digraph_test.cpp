// Directed families: what every one owes, and closed forms.
#include "topology/digraph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/SVD>
#include <cmath>
#include <complex>
#include <numbers>
#include <set>

#include "base/error.h"
#include "contract.h"
#include "topology/schedule.h"

namespace parley::topology {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// One row for every directed family: a spec, and how many each peer hears (nothing if that is drawn).
struct DirectedContract {
  std::string name;
  std::string spec;
  std::optional<std::size_t> (*degree)(std::size_t n);
  bool random = false;
  bool has_weights = false;
};

const std::vector<DirectedContract>& directed_contracts() {
  static const std::vector<DirectedContract> table = {
      {.name = "directed-ring",
       .spec = "directed-ring",
       .degree = [](std::size_t n) { return std::optional<std::size_t>(n > 1 ? 1 : 0); }},
      {.name = "directed-exponential",
       .spec = "directed-exponential",
       .degree =
           [](std::size_t n) {
             std::size_t hops = 0;
             while ((std::size_t{1} << hops) < n) ++hops;
             return std::optional(hops);
           }},
      {.name = "d-equistatic",
       .spec = "d-equistatic(terms=4)",
       .degree = [](std::size_t) { return std::optional<std::size_t>(); },
       .random = true,
       .has_weights = true},
  };
  return table;
}

template <class Check>
void for_every_digraph(Check check) {
  for (const DirectedContract& family : directed_contracts()) {
    for (std::size_t n = kFewestPeers; n <= kMostPeers; ++n) {
      for (std::uint64_t seed = 0; seed < 3; ++seed) {
        SCOPED_TRACE(fmt::format("{} on {} peers, seed {}", family.spec, n, seed));
        check(family, make_digraph(family.spec, n, seed), n, seed);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST(EveryDigraph, HasARowInTheContractTable) {
  std::vector<std::string> registered, covered;
  for (const GraphRow& row : graph_registry()) {
    EXPECT_NE(row.make == nullptr, row.make_directed == nullptr) << row.name;
    if (row.make_directed != nullptr) registered.emplace_back(row.name);
  }
  for (const DirectedContract& family : directed_contracts()) covered.push_back(family.name);
  EXPECT_THAT(covered, testing::UnorderedElementsAreArray(registered));
  for (const std::string& name : registered) EXPECT_TRUE(is_directed_graph(name));
  EXPECT_FALSE(is_directed_graph("ring"));
}

TEST(EveryDigraph, IsSimpleBalancedAndStronglyConnected) {
  for_every_digraph([](const DirectedContract& family, const Digraph& graph, std::size_t n, std::uint64_t) {
    ASSERT_EQ(num_vertices(graph), n);
    std::set<std::pair<std::size_t, std::size_t>> seen;
    for (auto [arc, end] = edges(graph); arc != end; ++arc) {
      EXPECT_NE(source(*arc, graph), target(*arc, graph));
      EXPECT_TRUE(seen.emplace(source(*arc, graph), target(*arc, graph)).second);
    }
    const DirectedShape found = shape(graph);
    EXPECT_EQ(found.components, 1u);
    EXPECT_TRUE(found.balanced);
    EXPECT_EQ(found.arcs, seen.size());
    for (const std::size_t degree :
         {found.min_in_degree, found.max_in_degree, found.min_out_degree, found.max_out_degree})
      EXPECT_EQ(degree, family.degree(n).value_or(degree));
    EXPECT_NO_THROW(require_strongly_connected(graph, std::vector<std::string>(n, "peer")));
  });
}

TEST(EveryDigraph, IsTheSameWhenMadeTwiceAndWhenPutTogetherFromItsNeighbourhoods) {
  for_every_digraph([](const DirectedContract& family, const Digraph& graph, std::size_t n, std::uint64_t seed) {
    EXPECT_EQ(fingerprint(make_digraph(family.spec, n, seed)), fingerprint(graph));
    EXPECT_EQ(fingerprint(digraph_of(neighbourhoods(graph))), fingerprint(graph));
    EXPECT_EQ(fingerprint(digraph_of_round(*make_schedule("static", family.spec, n, seed), {5})), fingerprint(graph));
  });
}

TEST(EveryDigraph, DependsOnTheSeedIfItIsRandom) {
  for (const DirectedContract& family : directed_contracts()) {
    std::set<std::uint64_t> seen;
    for (std::uint64_t seed = 0; seed < 10; ++seed) seen.insert(fingerprint(make_digraph(family.spec, 1000, seed)));
    EXPECT_EQ(seen.size() > 1, family.random) << family.name;
  }
}

TEST(EveryDigraph, IsRefusedWhereEdgesGoBothWays) {
  for (const DirectedContract& family : directed_contracts()) {
    try {
      make_graph(family.spec, 8, 0);
      FAIL() << family.name;
    } catch (const base::OperatorError& error) {
      EXPECT_THAT(error.what(), HasSubstr("is a directed graph"));
    }
  }
}

/// Row i: what peer i gives those that it hears, the same for all and for itself, or the graph's own weights.
Eigen::MatrixXd averaging(const Digraph& graph) {
  const auto n = static_cast<Eigen::Index>(num_vertices(graph));
  Eigen::MatrixXd W = Eigen::MatrixXd::Identity(n, n);
  for (auto [arc, end] = edges(graph); arc != end; ++arc) {
    const auto from = static_cast<Eigen::Index>(source(*arc, graph)),
               to = static_cast<Eigen::Index>(target(*arc, graph));
    const double w = graph[boost::graph_bundle].has_weights
                         ? graph[*arc].weight
                         : 1.0 / static_cast<double>(1 + in_degree(target(*arc, graph), graph));
    W(to, from) = w;
    W(to, to) -= w;
  }
  return W;
}

double distance_from_average(const Eigen::MatrixXd& W) {
  const Eigen::MatrixXd deviation = W.array() - 1.0 / static_cast<double>(W.rows());
  return deviation.jacobiSvd().singularValues()[0];
}

TEST(DirectedRing, ContractsAsItsFormulaSays) {
  for (const std::size_t n : {3u, 4u, 8u, 25u})
    EXPECT_NEAR(distance_from_average(averaging(make_digraph("directed-ring", n, 0))),
                std::cos(std::numbers::pi / static_cast<double>(n)), 1e-12);
}

TEST(DirectedExponential, ContractsAsItsFormulaSaysOnEvenNumbersOfPeers) {
  for (const std::size_t n : {4u, 6u, 8u, 12u, 16u, 30u}) {
    const double hops = std::ceil(std::log2(static_cast<double>(n)));
    EXPECT_NEAR(distance_from_average(averaging(make_digraph("directed-exponential", n, 0))), (hops - 1) / (hops + 1),
                1e-12)
        << n;
  }
}

TEST(DEquiStatic, IsDoublyStochasticWithTheSpectrumOfACirculant) {
  for (const std::size_t n : {2u, 5u, 12u, 31u}) {
    const Eigen::MatrixXd W = averaging(make_digraph("d-equistatic(terms=6)", n, 4));
    double largest = 0;
    for (Eigen::Index i = 0; i < W.rows(); ++i) {
      EXPECT_NEAR(W.row(i).sum(), 1, 1e-12);
      EXPECT_NEAR(W.col(i).sum(), 1, 1e-12);
      EXPECT_GE(W(i, i), 1.0 / static_cast<double>(n) - 1e-12);
      if (i == 0) continue;
      std::complex<double> eigenvalue = 0;  // of the i-th Fourier vector; W is normal
      for (Eigen::Index j = 0; j < W.cols(); ++j)
        eigenvalue +=
            W(0, j) * std::polar(1.0, 2 * std::numbers::pi * static_cast<double>(i * j) / static_cast<double>(n));
      largest = std::max(largest, std::abs(eigenvalue));
    }
    EXPECT_NEAR(distance_from_average(W), largest, 1e-10) << n;
  }
}

TEST(DEquiStatic, ContractsWithManyTermsWhateverTheNumberOfPeers) {
  // 8 ln(2n/p) / (3 eps^2) terms give |W - J| < eps with probability 1 - p (Song et al. 2022); p = 1e-9.
  for (const std::size_t n : {10u, 40u, 90u}) {
    const double terms = 8 * std::log(2 * static_cast<double>(n) / 1e-9) / (3 * 0.25);
    const auto spec = fmt::format("d-equistatic(terms={})", static_cast<int>(terms));
    EXPECT_LT(distance_from_average(averaging(make_digraph(spec, n, 1))), 0.5) << n;
  }
}

/// What the operator is told; empty if the graph is accepted.
std::string refusal(const Digraph& graph) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < num_vertices(graph); ++i) names.push_back(fmt::format("peer-{}", i));
  try {
    require_strongly_connected(graph, names);
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  return "";
}

TEST(StrongConnectivity, NamesThePartThatNobodyHears) {
  const Digraph graph = simple_digraph(5, {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 1}}, {});
  EXPECT_THAT(refusal(graph),
              AllOf(HasSubstr("falls into 2 parts"), HasSubstr("nothing that the others know reaches peer-0;")));
}

TEST(StrongConnectivity, NamesThePartThatHearsNobody) {
  const Digraph graph = simple_digraph(5, {{1, 0}, {1, 2}, {2, 3}, {3, 4}, {4, 1}}, {});
  EXPECT_THAT(refusal(graph), HasSubstr("the others never hear of peer-0;"));
}

TEST(StrongConnectivity, OfAnUndirectedGraphIsConnectivity) {
  EXPECT_EQ(refusal(both_ways(make_graph("path", 7, 0))), "");
  EXPECT_NE(refusal(both_ways(Graph(3))), "");
}

TEST(SimpleDigraph, AddsUpParallelArcsAndLeavesOutLoops) {
  const Digraph graph =
      simple_digraph(3, {{0, 1, 0.25}, {2, 2, 1}, {0, 1, 0.25}, {1, 0, 0.125}}, {.has_weights = true});
  const std::vector<Neighbourhood> all = neighbourhoods(graph);
  EXPECT_EQ(num_edges(graph), 2u);
  EXPECT_EQ(all[1].weights, std::vector<double>{0.5});
  EXPECT_EQ(all[0].weights, std::vector<double>{0.125});
  EXPECT_TRUE(all[2].in.empty() && all[2].out.empty());
}

}  // namespace
}  // namespace parley::topology
