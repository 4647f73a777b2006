// Pictures: complete, well formed, the same every time, and with nodes that do not cover each other.
#include "topology/drawing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/property_tree/xml_parser.hpp>
#include <cmath>
#include <set>
#include <sstream>

#include "contract.h"
#include "topology/drawing/canvas.h"

namespace parley::topology {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> labels(std::size_t n) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < n; ++i) all.push_back(fmt::format("<peer> & {}", i));
  return all;
}

Drawing drawing_of(const std::string& spec, std::size_t n, std::uint64_t seed) {
  const Graph graph = make_graph(spec, n, seed);
  Panel panel;
  for (auto [edge, end] = edges(graph); edge != end; ++edge)
    panel.edges.push_back({.from = source(*edge, graph), .to = target(*edge, graph)});
  return {.places = places_of(spec, graph, seed), .labels = labels(n), .panels = {panel}};
}

/// How often an element stands in an XML document, which must be well formed.
std::size_t count(const boost::property_tree::ptree& tree, const std::string& element) {
  std::size_t found = 0;
  for (const auto& [name, child] : tree) found += (name == element) + count(child, element);
  return found;
}
boost::property_tree::ptree parsed(const std::string& picture) {
  std::istringstream stream(picture);
  boost::property_tree::ptree tree;
  read_xml(stream, tree);
  return tree;
}

TEST(EveryPicture, HasAllNodesAndEdgesAndIsTheSameEveryTime) {
  for (const FamilyContract& family : family_contracts()) {
    for (const std::size_t n : {2u, 12u, 24u}) {
      const auto spec = family.spec_for(n, 1);
      if (!spec) continue;
      SCOPED_TRACE(fmt::format("{} on {}", *spec, n));
      const Drawing drawing = drawing_of(*spec, n, 3);
      for (const Point& place : drawing.places) EXPECT_TRUE(std::isfinite(place.x) && std::isfinite(place.y));
      const std::string picture = svg(drawing);
      const auto tree = parsed(picture);
      EXPECT_EQ(count(tree, "circle"), n);
      EXPECT_EQ(count(tree, "path"), drawing.panels[0].edges.size() + 1);  // and the arrow head
      EXPECT_EQ(svg(drawing_of(*spec, n, 3)), picture);
      EXPECT_THAT(picture, Not(HasSubstr("nan")));
    }
  }
}

TEST(EveryPicture, HasNodesApartThatAreAsLargeAsTheirNumbersNeed) {
  // The families with a shape of their own, on 2 to 200 peers.
  for (const FamilyContract& family : family_contracts()) {
    if (base::find_row(graph_registry(), "graph", family.name).places == nullptr || family.name == "random-geometric")
      continue;
    for (const std::size_t n : {2u, 3u, 16u, 60u, 200u}) {
      const auto spec = family.spec_for(n, 2);
      if (!spec) continue;
      SCOPED_TRACE(fmt::format("{} on {}", *spec, n));
      const Canvas canvas = canvas_for(drawing_of(*spec, n, 1).places, 2700);
      EXPECT_GE(canvas.radius, n <= 60 ? 6 : 4);
      EXPECT_LE(std::max(canvas.width, canvas.height), 2700 + 100);
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
          EXPECT_GE(std::hypot(canvas.places[i].x - canvas.places[j].x, canvas.places[i].y - canvas.places[j].y),
                    2 * canvas.radius);
        }
      }
    }
  }
}

TEST(Springs, PutNeighboursNearer) {
  // On average over a grid that was drawn from its edges alone, neighbours are nearer than peers three hops away.
  const Graph grid = make_graph("grid(5, 6)", 30, 0);
  const std::vector<Point> places = places_by_springs(grid);
  const auto apart = [&](std::size_t i, std::size_t j) {
    return std::hypot(places[i].x - places[j].x, places[i].y - places[j].y);
  };
  double nearest = HUGE_VAL, longest_edge = 0;
  for (std::size_t row = 0; row < 5; ++row)
    for (std::size_t col = 0; col + 3 < 6; ++col) nearest = std::min(nearest, apart(row * 6 + col, row * 6 + col + 3));
  for (auto [edge, end] = edges(grid); edge != end; ++edge)
    longest_edge = std::max(longest_edge, apart(source(*edge, grid), target(*edge, grid)));
  EXPECT_LT(longest_edge, nearest);
}

TEST(Springs, LayOutGraphsInPartsAndLargeOnes) {
  Graph parts(9);
  add_edge(0, 1, parts);
  add_edge(2, 3, parts);
  for (const Graph& graph : {parts, make_graph("random-regular(3)", 400, 1), Graph(1)}) {
    std::set<std::pair<double, double>> different;
    for (const Point& place : places_by_springs(graph)) {
      EXPECT_TRUE(std::isfinite(place.x) && std::isfinite(place.y));
      different.emplace(place.x, place.y);
    }
    EXPECT_EQ(different.size(), num_vertices(graph));
  }
}

TEST(Svg, BendsEdgesAroundNodes) {
  // On a closed sheet the edge from the last to the first peer of a row would run through all between.
  const std::string torus = svg(drawing_of("torus(3, 5)", 15, 0));
  std::size_t bent = 0;
  for (std::size_t at = torus.find('C'); at != std::string::npos; at = torus.find('C', at + 1)) ++bent;
  EXPECT_EQ(bent, 8u);  // three rows, five columns
  EXPECT_EQ(svg(drawing_of("grid(3, 5)", 15, 0)).find('C'), std::string::npos);
}

TEST(Svg, ShowsWidthsDirectionsAndTitles) {
  const Drawing drawing{.places = {{0, 0}, {1, 0}, {1, 1}},
                        .labels = labels(3),
                        .panels = {{.edges = {{.from = 0, .to = 1, .weight = 0.5}, {.from = 1, .to = 2, .weight = 0.1}},
                                    .title = "a < b"},
                                   {.edges = {{.from = 2, .to = 0, .is_directed = true}}, .title = "round 1"}}};
  const std::string picture = svg(drawing);
  const auto tree = parsed(picture);
  EXPECT_EQ(count(tree, "circle"), 6u);
  EXPECT_THAT(picture, HasSubstr("a &lt; b"));
  EXPECT_THAT(picture, HasSubstr("&lt;peer&gt; &amp; 2"));
  std::size_t heads = 0;
  for (std::size_t at = picture.find("marker-end"); at != std::string::npos; at = picture.find("marker-end", at + 1))
    ++heads;
  EXPECT_EQ(heads, 1u);
}

}  // namespace
}  // namespace parley::topology
