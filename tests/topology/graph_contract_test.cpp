// What every graph family owes, at every number of peers of the table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"
#include "contract.h"
#include "topology/mixing_matrix.h"
#include "topology/schedule.h"

namespace parley::topology {
namespace {

using EdgeList = std::vector<std::pair<std::size_t, std::size_t>>;

/// All edges, low end first, in ascending order; parallel edges as often as they are there.
EdgeList edge_list(const Graph& graph) {
  EdgeList list;
  for (auto [edge, end] = edges(graph); edge != end; ++edge)
    list.push_back(std::minmax({source(*edge, graph), target(*edge, graph)}));
  std::sort(list.begin(), list.end());
  return list;
}

constexpr std::size_t kUnreachable = 1'000'000;

/// All distances by Floyd and Warshall's triple loop.
std::vector<std::vector<std::size_t>> distances(std::size_t n, const EdgeList& edges) {
  std::vector<std::vector<std::size_t>> hops(n, std::vector<std::size_t>(n, kUnreachable));
  for (std::size_t i = 0; i < n; ++i) hops[i][i] = 0;
  for (const auto& [a, b] : edges) hops[a][b] = hops[b][a] = 1;
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) hops[i][j] = std::min(hops[i][j], hops[i][k] + hops[k][j]);
    }
  }
  return hops;
}

/// Calls check(family, spec, n, seed) for several specs of every family at every number of peers it fits.
template <class Check>
void for_every_graph(Check check) {
  for (const FamilyContract& family : family_contracts()) {
    for (std::size_t n = kFewestPeers; n <= kMostPeers; ++n) {
      for (std::uint32_t choice = 0; choice < 4; ++choice) {
        const auto spec = family.spec_for(n, choice);
        if (!spec) continue;
        SCOPED_TRACE(fmt::format("{} on {} peers, seed {}", *spec, n, choice));
        check(family, *spec, n, choice);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST(EveryGraph, HasARowInTheContractTable) {
  std::vector<std::string> registered, covered;
  for (const GraphRow& row : graph_registry()) {
    if (row.make != nullptr) registered.emplace_back(row.name);
  }
  for (const FamilyContract& family : family_contracts()) covered.push_back(family.name);
  EXPECT_THAT(covered, testing::UnorderedElementsAreArray(registered));
  EXPECT_EQ(std::set(registered.begin(), registered.end()).size(), registered.size());
  for (const GraphRow& row : graph_registry()) EXPECT_FALSE(row.summary.empty()) << row.name;
}

TEST(EveryGraph, IsSimpleAndHasAllItsPeers) {
  for_every_graph([](const FamilyContract&, const std::string& spec, std::size_t n, std::uint64_t seed) {
    const Graph graph = make_graph(spec, n, seed);
    ASSERT_EQ(num_vertices(graph), n);
    const EdgeList list = edge_list(graph);
    EXPECT_TRUE(std::adjacent_find(list.begin(), list.end()) == list.end()) << "a parallel edge";
    for (const auto& [a, b] : list) EXPECT_NE(a, b) << "a loop";
  });
}

TEST(EveryGraph, HasNeighboursThatAgreeFromBothEndsInAscendingOrder) {
  for_every_graph([](const FamilyContract&, const std::string& spec, std::size_t n, std::uint64_t seed) {
    const Graph graph = make_graph(spec, n, seed);
    std::set<std::pair<std::size_t, std::size_t>> directed;
    for (std::uint32_t i = 0; i < n; ++i) {
      const Neighbourhood found = neighbourhood(graph, {i});
      EXPECT_TRUE(std::is_sorted(found.out.begin(), found.out.end()));
      for (const base::PeerId j : found.out) directed.emplace(i, j.value);
    }
    EXPECT_EQ(directed.size(), 2 * num_edges(graph));
    for (const auto& [i, j] : directed) EXPECT_TRUE(directed.contains({j, i})) << i << " " << j;
  });
}

TEST(EveryGraph, IsConnectedIfItsFamilySaysSo) {
  for_every_graph([](const FamilyContract& family, const std::string& spec, std::size_t n, std::uint64_t seed) {
    const std::size_t components = shape(make_graph(spec, n, seed)).components;
    EXPECT_TRUE(components == 1 || !family.always_connected) << components << " components";
  });
}

TEST(EveryGraph, IsTheSameWhenMadeTwice) {
  for_every_graph([](const FamilyContract& family, const std::string& spec, std::size_t n, std::uint64_t seed) {
    const Graph graph = make_graph(spec, n, seed);
    EXPECT_EQ(edge_list(make_graph(spec, n, seed)), edge_list(graph));
    EXPECT_EQ(fingerprint(make_graph(spec, n, seed)), fingerprint(graph));
    const std::uint64_t another_seed = family.random ? seed : seed + 1;
    EXPECT_EQ(edge_list(make_graph(spec, n, another_seed)), edge_list(graph));
  });
}

TEST(EveryGraph, DependsOnTheSeedIfItIsRandom) {
  for (const FamilyContract& family : family_contracts()) {
    if (!family.random) continue;
    std::set<EdgeList> drawn;
    for (std::uint64_t seed = 0; seed < 20; ++seed)
      drawn.insert(edge_list(make_graph(*family.spec_for(20, 1), 20, seed)));
    // Of most families there are more than 10^20 such graphs, so that a coincidence is out of reach.
    EXPECT_GE(drawn.size(), family.different) << family.name;
  }
}

TEST(EveryGraph, HasTheShapeThatFloydAndWarshallFind) {
  for_every_graph([](const FamilyContract&, const std::string& spec, std::size_t n, std::uint64_t seed) {
    const Graph graph = make_graph(spec, n, seed);
    const EdgeList list = edge_list(graph);
    const auto hops = distances(n, list);
    const Shape found = shape(graph);
    EXPECT_EQ(found.peers, n);
    EXPECT_EQ(found.edges, list.size());

    std::size_t min_degree = n, max_degree = 0, farthest = 0;
    std::set<std::size_t> roots;
    for (std::size_t i = 0; i < n; ++i) {
      const auto degree = static_cast<std::size_t>(std::count(hops[i].begin(), hops[i].end(), 1u));
      min_degree = std::min(min_degree, degree);
      max_degree = std::max(max_degree, degree);
      farthest = std::max(farthest, *std::max_element(hops[i].begin(), hops[i].end()));
      const auto first_reached = std::find_if(hops[i].begin(), hops[i].end(), [](auto h) { return h < kUnreachable; });
      roots.insert(static_cast<std::size_t>(first_reached - hops[i].begin()));
      for (std::size_t j = 0; j < n; ++j)
        EXPECT_EQ(found.component[i] == found.component[j], hops[i][j] < kUnreachable);
    }
    EXPECT_EQ(found.min_degree, min_degree);
    EXPECT_EQ(found.max_degree, max_degree);
    EXPECT_EQ(found.components, roots.size());
    EXPECT_EQ(found.diameter, roots.size() == 1 ? std::optional(farthest) : std::nullopt);

    // Bipartite: along every edge the distance from the component's first peer changes parity.
    const bool bipartite = std::all_of(list.begin(), list.end(), [&](const auto& edge) {
      const std::size_t root =
          *std::find_if(roots.begin(), roots.end(), [&](std::size_t r) { return hops[r][edge.first] < kUnreachable; });
      return hops[root][edge.first] % 2 != hops[root][edge.second] % 2;
    });
    EXPECT_EQ(found.bipartite, bipartite);
  });
}

TEST(EveryGraph, HasTheShapeThatItsFamilyPromises) {
  for_every_graph([](const FamilyContract& family, const std::string& spec, std::size_t n, std::uint64_t seed) {
    const Shape found = shape(make_graph(spec, n, seed));
    const Expected expected = family.expected(n, spec);
    EXPECT_EQ(found.edges, expected.edges.value_or(found.edges));
    EXPECT_EQ(found.min_degree, expected.min_degree.value_or(found.min_degree));
    EXPECT_EQ(found.max_degree, expected.max_degree.value_or(found.max_degree));
    EXPECT_EQ(found.diameter, expected.diameter ? expected.diameter : found.diameter);
    EXPECT_EQ(found.bipartite, expected.bipartite.value_or(found.bipartite));
  });
}

TEST(EveryGraph, KeepsItsPromisesOnRandomSpecsSizesAndSeeds) {
  base::Random random({.seed = 11, .peer = {}, .round = {}, .stream = base::Stream::test});
  const auto& families = family_contracts();
  for (std::size_t trial = 0; trial < 60 * families.size(); ++trial) {
    const FamilyContract& family = families[trial % families.size()];
    const std::size_t n = 1 + random.below(200);
    const std::uint64_t seed = random.bits64();
    const auto spec = family.spec_for(n, random.bits());
    if (!spec) continue;
    SCOPED_TRACE(fmt::format("{} on {} peers, seed {}", *spec, n, seed));
    const Graph graph = make_graph(*spec, n, seed);
    const Shape found = shape(graph);
    const Expected expected = family.expected(n, *spec);
    EXPECT_EQ(found.peers, n);
    EXPECT_TRUE(found.components == 1 || !family.always_connected);
    EXPECT_EQ(found.edges, expected.edges.value_or(found.edges));
    EXPECT_EQ(found.min_degree, expected.min_degree.value_or(found.min_degree));
    EXPECT_EQ(found.max_degree, expected.max_degree.value_or(found.max_degree));
    EXPECT_EQ(found.diameter, expected.diameter ? expected.diameter : found.diameter);
    EXPECT_EQ(found.bipartite, expected.bipartite.value_or(found.bipartite));
    const EdgeList list = edge_list(graph);
    EXPECT_EQ(edge_list(make_graph(canonical_graph_spec(*spec), n, seed)), list);
    EXPECT_EQ(std::set(list.begin(), list.end()).size(), list.size()) << "a parallel edge";
    std::size_t ends = 0;
    for (std::uint32_t i = 0; i < n; ++i) {
      const auto peers = neighbourhood(graph, {i}).out;
      ends += peers.size();
      for (const base::PeerId j : peers) {
        EXPECT_NE(j.value, i);
        EXPECT_TRUE(
            std::binary_search(list.begin(), list.end(), std::pair<std::size_t, std::size_t>(std::minmax(i, j.value))));
      }
    }
    EXPECT_EQ(ends, 2 * list.size());
    if (HasFailure()) return;
  }
}

TEST(EveryGraph, HasAPlaceForEveryPeerIfItsFamilyPlacesThem) {
  for_every_graph([](const FamilyContract& family, const std::string& spec, std::size_t n, std::uint64_t seed) {
    const GraphRow& row = base::find_row(graph_registry(), "graph", family.name);
    if (row.places == nullptr) return;
    const std::vector<Point> places = row.places(base::Arguments(base::parse_spec(spec), row.parameters), n, seed);
    EXPECT_EQ(places.size(), n);
    std::set<std::pair<double, double>> different;
    for (const Point& place : places) different.emplace(place.x, place.y);
    EXPECT_EQ(different.size(), n) << "two peers at one place";
  });
}

TEST(EveryGraph, HasACanonicalSpecThatIsAFixedPointAndMeansTheSame) {
  for_every_graph([](const FamilyContract&, const std::string& spec, std::size_t n, std::uint64_t seed) {
    const std::string canonical = canonical_graph_spec(spec);
    EXPECT_EQ(canonical_graph_spec(canonical), canonical);
    EXPECT_EQ(edge_list(make_graph(canonical, n, seed)), edge_list(make_graph(spec, n, seed)));
  });
  EXPECT_EQ(canonical_graph_spec(" torus( 2,cols = 4 )"), "torus(rows=2, cols=4)");
  EXPECT_EQ(canonical_graph_spec("torus(cols=4, rows=2)"), "torus(rows=2, cols=4)");
  EXPECT_EQ(canonical_graph_spec("erdos-renyi(0.50)"), "erdos-renyi(p=0.5)");
  EXPECT_EQ(canonical_graph_spec("file(g.csv)"), canonical_graph_spec("file(\"g.csv\")"));
}

TEST(EveryGraph, HasDoublyStochasticWeightsUnderSymmetricRules) {
  for_every_graph([](const FamilyContract&, const std::string& spec, std::size_t n, std::uint64_t seed) {
    const Graph graph = make_graph(spec, n, seed);
    const std::vector<std::string> names(n, "peer");
    for (const char* rule : {"metropolis", "max-degree"}) {
      const Eigen::MatrixXd W = mixing_matrix(graph, *make_weight_rule(rule, graph));
      EXPECT_TRUE(W == W.transpose()) << rule;  // to the bit: both ends compute the same quotient
      for (Eigen::Index i = 0; i < W.rows(); ++i) {
        EXPECT_NEAR(W.row(i).sum(), 1, 1e-12) << rule;
        EXPECT_NEAR(W.col(i).sum(), 1, 1e-12) << rule;
        EXPECT_GT(W(i, i), 0) << rule;
      }
      EXPECT_GE(W.minCoeff(), 0) << rule;
      EXPECT_NO_THROW(validate(W.sparseView(), {.nonnegative = true}, names)) << rule;
    }
  });
}

TEST(EveryGraph, IsWhatAStaticScheduleShowsInEveryRound) {
  for_every_graph([](const FamilyContract&, const std::string& spec, std::size_t n, std::uint64_t seed) {
    const Graph graph = make_graph(spec, n, seed);
    const auto schedule = make_schedule("static", spec, n, seed);
    EXPECT_EQ(schedule->size(), n);
    for (const std::uint64_t round : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 40}) {
      EXPECT_EQ(edge_list(graph_of_round(*schedule, {round})), edge_list(graph));
      for (std::uint32_t i = 0; i < n; ++i)
        EXPECT_EQ(schedule->neighbours({i}, {round}).out, neighbourhood(graph, {i}).out);
    }
  });
}

}  // namespace
}  // namespace parley::topology
