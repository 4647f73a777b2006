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
  EXPECT_EQ(neighbours_of(0, "exponential", 8), (List{1, 2, 4, 6, 7}));
  EXPECT_EQ(neighbours_of(0, "exponential", 9), (List{1, 2, 4, 5, 7, 8}));
}

TEST(Graph, OfOnePeerHasNoNeighbours) {
  for (const char* spec :
       {"ring", "path", "star", "complete", "torus(1, 1)", "hypercube", "exponential", "erdos-renyi(0.5)"}) {
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
