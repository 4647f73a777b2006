// Random graphs against an independent drawing of them: every peer draws the graph for itself, so a change of one edge
// breaks swarms that mix versions. The hashes come from golden_graphs.py, which knows docs/topology.md and no code of
// ours.
#include <gtest/gtest.h>

#include <set>

#include "contract.h"

namespace parley::topology {
namespace {

struct Golden {
  const char* spec;
  std::size_t n;
  std::uint64_t seed, hash;
};

constexpr Golden kGolden[] = {
    {"erdos-renyi(p=0.15)", 24, 1, 0x66c9948d940160b2},
    {"erdos-renyi(p=0.15)", 24, 1099511627783, 0xfd8ba6bd3e461f83},
    {"erdos-renyi(p=0.4)", 40, 1, 0xfb38d76cb72b47e9},
    {"erdos-renyi(p=0.4)", 40, 1099511627783, 0x4ff67b3e504b2390},
    {"random-regular(degree=2)", 17, 1, 0x3ebbe16246cffa0e},
    {"random-regular(degree=2)", 17, 1099511627783, 0x07f037e8c34335f2},
    {"random-regular(degree=3)", 20, 1, 0x55f7901ae8d311fa},
    {"random-regular(degree=3)", 20, 1099511627783, 0x5e4c76b6b1bafdc4},
    {"random-regular(degree=5)", 30, 1, 0x7dcfb8fa5df137d4},
    {"random-regular(degree=5)", 30, 1099511627783, 0x535111eb7699bf00},
    {"random-regular(degree=13)", 18, 1, 0xe678cf782f8e1fce},
    {"random-regular(degree=13)", 18, 1099511627783, 0xcc2acae77416fad6},
    {"watts-strogatz(degree=4, p=0.3)", 30, 1, 0x3a6cefccd9fa286c},
    {"watts-strogatz(degree=4, p=0.3)", 30, 1099511627783, 0xd26fea8fc015dd3f},
    {"watts-strogatz(degree=2, p=0.5)", 12, 1, 0xd55741f01745e5d4},
    {"watts-strogatz(degree=2, p=0.5)", 12, 1099511627783, 0xe7807f596212a808},
    {"watts-strogatz(degree=8, p=1.0)", 11, 1, 0x63127c12a58cf0bf},
    {"watts-strogatz(degree=8, p=1.0)", 11, 1099511627783, 0x540f28d5a5431e15},
    {"barabasi-albert(links=1)", 25, 1, 0x53139609d44dab6b},
    {"barabasi-albert(links=1)", 25, 1099511627783, 0x5d077718a70f7f73},
    {"barabasi-albert(links=3)", 40, 1, 0x8c5255e957da6102},
    {"barabasi-albert(links=3)", 40, 1099511627783, 0xcec7ec23c8e4d9eb},
    {"stochastic-block(blocks=3, inside=0.6, between=0.05)", 31, 1, 0x6ef40e4b06a92a13},
    {"stochastic-block(blocks=3, inside=0.6, between=0.05)", 31, 1099511627783, 0xa873544ca1ed1a8f},
    {"stochastic-block(blocks=4, inside=0.9, between=0.01)", 20, 1, 0x12dab505af3aa8f0},
    {"stochastic-block(blocks=4, inside=0.9, between=0.01)", 20, 1099511627783, 0xf8cf199b5049afcd},
    {"random-geometric(radius=0.3)", 30, 1, 0xbe4f94d2ef4396aa},
    {"random-geometric(radius=0.3)", 30, 1099511627783, 0x417de37471da8f32},
    {"random-geometric(radius=0.45)", 12, 1, 0xac58f9beb1102ca8},
    {"random-geometric(radius=0.45)", 12, 1099511627783, 0xe59513c45b20f7c9},
    {"u-equistatic(offsets=3)", 32, 1, 0x1a7b2e5c4cc9de55},
    {"u-equistatic(offsets=3)", 32, 1099511627783, 0xee217590895dd53f},
    {"u-equistatic(offsets=1)", 30, 1, 0xcb4a6c2ef8428f31},
    {"u-equistatic(offsets=1)", 30, 1099511627783, 0x61be40ec6ff055e1},
};

/// Fowler, Noll and Vo's 64-bit hash (1a) of "n;i-j;...", edges ascending, their lower end first.
std::uint64_t hash_of(const Graph& graph) {
  std::set<std::pair<std::size_t, std::size_t>> ends;
  for (auto [edge, end] = edges(graph); edge != end; ++edge)
    ends.insert(std::minmax({source(*edge, graph), target(*edge, graph)}));
  std::string text = fmt::format("{};", num_vertices(graph));
  for (const auto& [i, j] : ends) text += fmt::format("{}-{};", i, j);
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

TEST(GoldenGraphs, AreDrawnAsTheDocumentSays) {
  for (const Golden& golden : kGolden)
    EXPECT_EQ(hash_of(make_graph(golden.spec, golden.n, golden.seed)), golden.hash)
        << golden.spec << " on " << golden.n << ", seed " << golden.seed;
}

TEST(GoldenGraphs, CoverEveryRandomFamily) {
  std::set<std::string> covered;
  for (const Golden& golden : kGolden) covered.insert(base::parse_spec(golden.spec).name);
  for (const FamilyContract& family : family_contracts())
    EXPECT_EQ(covered.contains(family.name), family.random) << family.name;
}

}  // namespace
}  // namespace parley::topology
