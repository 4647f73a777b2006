#include "topology/diameter.h"

#include <gtest/gtest.h>

namespace parley::topology {
namespace {

// Beyond the sizes at which every peer is searched from; below them graph_contract_test.cpp compares with Floyd and
// Warshall's distances.

TEST(Diameter, OfALargeTreeIsExact) {
  const Diameter path = diameter(make_graph("path", 100'000, 0));
  EXPECT_EQ(path.hops, 99'999u);
  EXPECT_TRUE(path.is_exact);
  const Diameter tree = diameter(make_graph("tree", (1u << 17) - 1, 0));
  EXPECT_EQ(tree.hops, 32u);  // from a leaf up 16 levels and down again
  EXPECT_TRUE(tree.is_exact);
}

TEST(Diameter, OfALargeGraphWithAMiddleIsExact) {
  const Diameter star = diameter(make_graph("star", 50'000, 0));
  EXPECT_EQ(star.hops, 2u);
  EXPECT_TRUE(star.is_exact);
  const Diameter grid = diameter(make_graph("grid(201, 251)", 201 * 251, 0));
  EXPECT_EQ(grid.hops, 450u);
  EXPECT_TRUE(grid.is_exact);
}

TEST(Diameter, OfALargeRingIsALowerBoundThatDoesNotClaimToBeExact) {
  // Every peer of a ring is as far from the others as every other: only a search from each would prove it.
  const Diameter ring = diameter(make_graph("ring", 100'000, 0));
  EXPECT_EQ(ring.hops, 50'000u);
  EXPECT_FALSE(ring.is_exact);
}

}  // namespace
}  // namespace parley::topology
