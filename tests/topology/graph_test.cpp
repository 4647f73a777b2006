// Single families, what they refuse, and the draws of the random ones.
#include "topology/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/error.h"
#include "contract.h"

namespace parley::topology {
namespace {

using testing::HasSubstr;

std::vector<std::uint32_t> neighbours_of(std::uint32_t peer, std::string_view spec, std::size_t n) {
  std::vector<std::uint32_t> ids;
  for (const base::PeerId id : neighbourhood(make_graph(spec, n, 0), {peer}).out) ids.push_back(id.value);
  return ids;
}

/// What the operator is told; empty if the graph is made.
std::string refusal(std::string_view spec, std::size_t n) {
  try {
    make_graph(spec, n, 1);
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  return "";
}

TEST(Graph, NumbersItsPeersAsTheDocumentsSay) {
  using List = std::vector<std::uint32_t>;
  EXPECT_EQ(neighbours_of(0, "ring", 5), (List{1, 4}));
  EXPECT_EQ(neighbours_of(0, "ring", 2), (List{1}));
  EXPECT_EQ(neighbours_of(4, "path", 5), (List{3}));
  EXPECT_EQ(neighbours_of(3, "star", 5), (List{0}));
  EXPECT_EQ(neighbours_of(2, "complete", 4), (List{0, 1, 3}));
  EXPECT_EQ(neighbours_of(5, "torus(3, 4)", 12), (List{1, 4, 6, 9}));  // row 1, column 1
  EXPECT_EQ(neighbours_of(0, "torus(3, 4)", 12), (List{1, 3, 4, 8}));
  EXPECT_EQ(neighbours_of(0, "torus(2, 4)", 8), (List{1, 3, 4}));  // the way round the short side is the way back
  EXPECT_EQ(neighbours_of(5, "hypercube", 8), (List{1, 4, 7}));
  EXPECT_EQ(neighbours_of(5, "grid(3, 4)", 12), (List{1, 4, 6, 9}));
  EXPECT_EQ(neighbours_of(3, "grid(3, 4)", 12), (List{2, 7}));
  EXPECT_EQ(neighbours_of(1, "tree", 12), (List{0, 3, 4}));
  EXPECT_EQ(neighbours_of(2, "tree(children=4)", 12), (List{0, 9, 10, 11}));
  EXPECT_EQ(neighbours_of(0, "complete-bipartite(2)", 5), (List{2, 3, 4}));
  EXPECT_EQ(neighbours_of(3, "complete-bipartite(2)", 5), (List{0, 1}));
  EXPECT_EQ(neighbours_of(5, "hyper-hypercube(2)", 6), (List{2, 3, 4}));            // 6 = 3 * 2: digits 2 and 1
  EXPECT_EQ(neighbours_of(0, "hyper-hypercube(3)", 8), (List{1, 2, 3, 4}));         // 8 = 4 * 2, not 2 * 2 * 2
  EXPECT_EQ(neighbours_of(0, "hyper-hypercube(5)", 12), (List{1, 2, 3, 4, 5, 6}));  // 12 = 6 * 2 before 4 * 3
  EXPECT_EQ(neighbours_of(0, "watts-strogatz(4, 0)", 9), (List{1, 2, 7, 8}));
  EXPECT_EQ(neighbours_of(0, "u-equistatic(1)", 2), (List{1}));
  EXPECT_EQ(neighbours_of(0, "exponential", 8), (List{1, 2, 4, 6, 7}));
  EXPECT_EQ(neighbours_of(0, "exponential", 9), (List{1, 2, 4, 5, 7, 8}));
}

TEST(Graph, OfOnePeerHasNoNeighbours) {
  for (const char* spec :
       {"ring", "path", "star", "complete", "torus(1, 1)", "hypercube", "exponential", "erdos-renyi(0.5)", "tree",
        "grid(1, 1)", "hyper-hypercube(1)", "stochastic-block(1, 1, 0)", "random-geometric(0.1)"}) {
    EXPECT_TRUE(neighbours_of(0, spec, 1).empty()) << spec;
  }
}

TEST(Exponential, HopsAreThePowersOfTwoBelowN) {
  // Around 3^5 and powers of two, where a logarithm in floating point is off by one.
  for (const std::size_t n : {2u, 3u, 4u, 5u, 127u, 128u, 129u, 242u, 243u, 244u, 1023u, 1024u, 1025u}) {
    std::vector<std::uint32_t> expected;
    for (std::uint32_t j = 1; j < n; ++j) {
      const auto is_power = [](std::uint32_t hop) { return (hop & (hop - 1)) == 0; };
      if (is_power(j) || is_power(static_cast<std::uint32_t>(n) - j)) expected.push_back(j);
    }
    EXPECT_EQ(neighbours_of(0, "exponential", n), expected) << n;
  }
}

TEST(Graph, ThatDoesNotFitTheSwarmIsRefusedWithTheRemedy) {
  EXPECT_EQ(refusal("torus(rows=2, cols=4)", 9),
            "torus(rows=2, cols=4) has 8 places, the swarm has 9 peers: use rows=3, cols=3");
  EXPECT_EQ(refusal("torus(rows=2, cols=4)", 7),
            "torus(rows=2, cols=4) has 8 places, the swarm has 7 peers: use rows=1, cols=7, which is a ring");
  EXPECT_THAT(refusal("torus(1048576, 1048576)", 12), HasSubstr("use rows=3, cols=4"));
  EXPECT_THAT(refusal("hypercube", 9), HasSubstr("the swarm has 9: use 8 or 16 peers"));
  EXPECT_THAT(refusal("random-regular(8)", 8), HasSubstr("use degree=7 or less"));
  EXPECT_THAT(refusal("random-regular(3)", 1), HasSubstr("at least 2 peers"));
  EXPECT_THAT(refusal("random-regular(1)", 8), HasSubstr("use degree=2 or more"));
  EXPECT_THAT(refusal("random-regular(3)", 9), HasSubstr("9 x 3 is odd: use degree=4"));
  EXPECT_THAT(refusal("random-regular(3)", 5), HasSubstr("use degree=4"));
  EXPECT_THAT(refusal("erdos-renyi(0.01)", 50), HasSubstr("no connected graph on 50 peers"));
  EXPECT_THAT(refusal("erdos-renyi(0)", 2), HasSubstr("no connected graph"));
}

TEST(Graph, OfTheNewerFamiliesThatDoesNotFitIsRefusedWithTheRemedy) {
  EXPECT_EQ(refusal("grid(rows=2, cols=4)", 7),
            "grid(rows=2, cols=4) has 8 places, the swarm has 7 peers: use rows=1, cols=7, which is a path");
  EXPECT_THAT(refusal("complete-bipartite(4)", 4), HasSubstr("use left=3 or less"));
  EXPECT_THAT(refusal("complete-bipartite(1)", 1), HasSubstr("at least 2 peers"));
  EXPECT_THAT(refusal("hyper-hypercube(2)", 14),
              HasSubstr("without a prime factor above 3, the swarm has 14: use k=6"));
  EXPECT_THAT(refusal("watts-strogatz(3, 0.1)", 8), HasSubstr("must be even"));
  EXPECT_THAT(refusal("watts-strogatz(3, 0.1)", 8), HasSubstr("use degree=4"));
  EXPECT_THAT(refusal("watts-strogatz(8, 0.1)", 8), HasSubstr("use degree=6 or less"));
  EXPECT_THAT(refusal("watts-strogatz(2, 0.1)", 2), HasSubstr("use ring"));
  EXPECT_THAT(refusal("barabasi-albert(5)", 5), HasSubstr("use links=4 or less"));
  EXPECT_THAT(refusal("barabasi-albert(1)", 1), HasSubstr("at least 2 peers"));
  EXPECT_THAT(refusal("stochastic-block(9, 1, 1)", 8), HasSubstr("use blocks=8 or less"));
  EXPECT_THAT(refusal("stochastic-block(2, 1, 0)", 8), HasSubstr("between=0 never joins two blocks"));
  EXPECT_THAT(refusal("stochastic-block(2, 0.01, 0.01)", 40), HasSubstr("raise inside or between"));
  EXPECT_THAT(refusal("random-geometric(0)", 2), HasSubstr("no connected graph on 2 peers"));
  EXPECT_THAT(refusal("u-equistatic(4)", 8), HasSubstr("use offsets=3 or less, or graph = \"complete\""));
  EXPECT_THAT(refusal("u-equistatic(1)", 1), HasSubstr("at least 2 peers"));
}

TEST(RandomGeometric, RefusalSuggestsARadiusThatWorks) {
  for (const std::size_t n : {2u, 3u, 10u, 50u, 200u, 1000u}) {
    const std::string told = refusal("random-geometric(0)", n);
    const double radius = std::stod(told.substr(told.find("from radius=") + 12));
    EXPECT_EQ(refusal(fmt::format("random-geometric({})", radius), n), "") << n;
  }
}

TEST(RandomGeometric, JoinsExactlyThePeersWithinTheRadius) {
  const std::string spec = "random-geometric(radius=0.3)";
  const GraphRow& row = base::find_row(graph_registry(), "graph", "random-geometric");
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Graph graph = make_graph(spec, 40, seed);
    const auto places = row.places(base::Arguments(base::parse_spec(spec), row.parameters), 40, seed);
    for (std::size_t i = 0; i < 40; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        // No two of these peers are within a rounding error of the radius, with overwhelming probability.
        const bool near = std::hypot(places[i].x - places[j].x, places[i].y - places[j].y) <= 0.3;
        EXPECT_EQ(edge(i, j, graph).second, near) << i << " " << j;
      }
    }
  }
}

TEST(WattsStrogatz, KeepsHalfTheLatticeOfEveryPeerAndRewiresTheShareThatItSays) {
  // Every peer keeps its own half of the degree. Of 300 * 3 edges each is rewired with probability 0.2, over 100 seeds:
  // mean 18,000 of 90,000, standard deviation 120; some land on other lattice places, at most 6 / 299 of them.
  std::size_t off_lattice = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Graph graph = make_graph("watts-strogatz(degree=6, p=0.2)", 300, seed);
    EXPECT_GE(shape(graph).min_degree, 3u);
    for (auto [edge, end] = edges(graph); edge != end; ++edge) {
      const std::size_t apart = (target(*edge, graph) + 300 - source(*edge, graph)) % 300;
      off_lattice += std::min(apart, 300 - apart) > 3;
    }
  }
  EXPECT_GT(static_cast<double>(off_lattice), 18000 * (1 - 6.0 / 299) - 6.5 * 120);
  EXPECT_LT(static_cast<double>(off_lattice), 18000 + 6.5 * 120);
}

TEST(BarabasiAlbert, PrefersPeersWithManyNeighbours) {
  // With one link each, peer 0 ends with sqrt(1000 pi / 4) = 28 to sqrt(1000 pi) = 56 neighbours on average and a
  // spread of half of that, where choosing friends evenly would give it ln 1000 = 7. That 50 of them sum to less than
  // 600 is six standard deviations away.
  std::size_t hub = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    hub += out_degree(0, make_graph("barabasi-albert(links=1)", 1000, seed));
  EXPECT_GT(hub, 50u * 12u);
}

TEST(StochasticBlock, HasTheExpectedEdgesInsideAndBetween) {
  // 4 blocks of 15: 420 pairs inside at 0.5, 1350 between at 0.1, over 100 seeds; disconnected draws are about
  // 60 (1/2)^14 (9/10)^45, 3e-5 of them, and shift the means by less than an edge.
  std::size_t inside = 0, between = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Graph graph = make_graph("stochastic-block(blocks=4, inside=0.5, between=0.1)", 60, seed);
    for (auto [edge, end] = edges(graph); edge != end; ++edge)
      ++(source(*edge, graph) / 15 == target(*edge, graph) / 15 ? inside : between);
  }
  EXPECT_NEAR(static_cast<double>(inside), 21000, 6.5 * std::sqrt(42000 * 0.25));
  EXPECT_NEAR(static_cast<double>(between), 13500, 6.5 * std::sqrt(135000 * 0.09));
}

TEST(Graph, SpecThatMeansNothingIsRefused) {
  EXPECT_THAT(refusal("rign", 8), HasSubstr("did you mean \"ring\"?"));
  EXPECT_THAT(refusal("ring(4)", 8), HasSubstr("at most 0 arguments"));
  EXPECT_THAT(refusal("torus(rows=2)", 8), HasSubstr("needs cols"));
  EXPECT_THAT(refusal("torus(rows=0, cols=8)", 8), HasSubstr("rows = 0; allowed"));
  EXPECT_THAT(refusal("erdos-renyi(1.5)", 8), HasSubstr("p = 1.5; allowed"));
  EXPECT_THAT(refusal("erdos-renyi(nan)", 8), HasSubstr("p = nan; allowed"));
  EXPECT_THAT(refusal("random-regular(2.5)", 8), HasSubstr("degree = 2.5; allowed"));
  EXPECT_THAT(refusal("file", 8), HasSubstr("needs path"));
  EXPECT_THAT(refusal("", 8), HasSubstr("expected a name"));
  EXPECT_THROW(canonical_graph_spec("rign"), base::OperatorError);
}

TEST(ErdosRenyi, RefusalSuggestsAProbabilityThatWorks) {
  for (const std::size_t n : {2u, 3u, 10u, 50u, 200u}) {
    const std::string told = refusal("erdos-renyi(0)", n);
    const double p = std::stod(told.substr(told.find("from p=") + 7));
    EXPECT_EQ(refusal(fmt::format("erdos-renyi({})", p), n), "") << n;
  }
}

TEST(ErdosRenyi, HasTheExpectedNumberOfEdges) {
  // 435 pairs at p = 0.5 over 400 seeds: mean 87,000, standard deviation 208.6. Six and a half of them are exceeded
  // with probability 8e-11; that a draw is disconnected (about 30 / 2^29 each) shifts the mean by far less than one
  // edge.
  std::size_t edges_drawn = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) edges_drawn += num_edges(make_graph("erdos-renyi(0.5)", 30, seed));
  EXPECT_NEAR(static_cast<double>(edges_drawn), 87000, 6.5 * 208.6);
}

TEST(ErdosRenyi, IsDrawnAgainUntilConnected) {
  // At p = 0.1 a draw on 20 peers leaves 20 * 0.9^19 = 2.7 peers alone on average, so that most draws fail.
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    EXPECT_EQ(shape(make_graph("erdos-renyi(0.1)", 20, seed)).components, 1u);
}

TEST(RandomRegular, DrawsEveryCubicGraphEquallyOften) {
  // There are 70 cubic graphs on six labelled peers (60 prisms and 10 of K_3,3), all connected. In 7000 draws each is
  // expected 100 times; by Chernoff any count below 30 or above 200 has a probability below 2e-13.
  std::map<std::uint64_t, std::size_t> times;
  for (std::uint64_t seed = 0; seed < 7000; ++seed) ++times[fingerprint(make_graph("random-regular(3)", 6, seed))];
  EXPECT_EQ(times.size(), 70u);
  for (const auto& [graph, count] : times) {
    EXPECT_GT(count, 30u);
    EXPECT_LT(count, 200u);
  }
}

TEST(RandomRegular, IsMadeAtEveryDegreeOfALargerSwarm) {
  for (std::size_t degree = 2; degree < 64; ++degree) {
    const Shape found = shape(make_graph(fmt::format("random-regular({})", degree), 64, 5));
    EXPECT_EQ(found.min_degree, degree);
    EXPECT_EQ(found.max_degree, degree);
    EXPECT_EQ(found.components, 1u);
  }
}

TEST(Fingerprint, TellsGraphsApart) {
  const std::vector<Graph> graphs = {make_graph("ring", 8, 0), make_graph("path", 8, 0), make_graph("path", 9, 0),
                                     make_graph("star", 8, 0), make_graph("torus(2, 4)", 8, 0)};
  std::map<std::uint64_t, int> seen;
  for (const Graph& graph : graphs) ++seen[fingerprint(graph)];
  EXPECT_EQ(seen.size(), graphs.size());
  EXPECT_EQ(fingerprint(make_graph("ring", 8, 0)), fingerprint(make_graph("torus(1, 8)", 8, 0)));
}

TEST(RequireConnected, NamesThePeersThatAreCutOff) {
  const std::string file = write_file("two parts.csv", "0,1\n1,2\n2,0\n3,4\n");
  const Graph graph = make_graph(fmt::format("file(\"{}\")", file), 5, 0);
  const std::vector<std::string> names = {"amber", "beryl", "coral", "diamond", "emerald"};
  try {
    require_connected(graph, names);
    FAIL() << "accepted";
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(), HasSubstr("2 parts, the smallest of which is diamond, emerald;"));
  }
  EXPECT_NO_THROW(require_connected(make_graph("ring", 5, 0), names));
}

TEST(RequireConnected, NamesAFewPeersOfALargePart) {
  std::string content;
  for (int i = 0; i < 19; ++i) content += i == 9 ? "" : fmt::format("{},{}\n", i, i + 1);
  const Graph graph = make_graph(fmt::format("file(\"{}\")", write_file("halves.csv", content)), 20, 0);
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) names.push_back(fmt::format("peer-{}", i));
  try {
    require_connected(graph, names);
    FAIL() << "accepted";
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(), HasSubstr("peer-6, peer-7 and 2 more"));
  }
}

}  // namespace
}  // namespace parley::topology
