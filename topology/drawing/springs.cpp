#include <Eigen/Eigenvalues>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/circle_layout.hpp>
#include <boost/graph/connected_components.hpp>
#include <boost/graph/fruchterman_reingold.hpp>
#include <boost/graph/kamada_kawai_spring_layout.hpp>
#include <boost/graph/topology.hpp>
#include <boost/random/linear_congruential.hpp>
#include <cmath>

#include "base/error.h"
#include "topology/drawing.h"

namespace parley::topology {
namespace {

constexpr std::size_t kMostSprings = 300;  // one between every two peers

using Plane = boost::rectangle_topology<boost::minstd_rand>;
using Place = Plane::point_type;

/// The two slowest ways in which the graph can swing (Hall 1970): a start from which springs seldom entangle.
void add_eigenvectors(const Graph& graph, std::vector<Place>& places) {
  const auto n = static_cast<Eigen::Index>(places.size());
  if (n < 3) return;
  Eigen::MatrixXd L = Eigen::MatrixXd::Zero(n, n);
  for (auto [edge, end] = edges(graph); edge != end; ++edge) {
    const auto i = static_cast<Eigen::Index>(source(*edge, graph)), j = static_cast<Eigen::Index>(target(*edge, graph));
    L(i, j) = L(j, i) = -1;
    L(i, i) += 1;
    L(j, j) += 1;
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(L);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index axis = 0; axis < 2; ++axis)
      places[static_cast<std::size_t>(i)][static_cast<std::size_t>(axis)] +=
          std::sqrt(static_cast<double>(n)) * solver.eigenvectors()(i, axis + 1);
  }
}

template <class Start, class Layout>
std::vector<Point> laid_out(const Graph& graph, Start start, Layout layout) {
  std::vector<Place> places(num_vertices(graph));
  const auto map = boost::make_iterator_property_map(places.begin(), get(boost::vertex_index, graph));
  boost::circle_graph_layout(graph, map, 0.5);  // no two peers at one place
  start(places);
  boost::minstd_rand generator(1);
  const Plane plane(generator, -1, -1, 1, 1);
  layout(map, plane);
  std::vector<Point> points;
  points.reserve(places.size());
  for (const Place& place : places) points.push_back({.x = place[0], .y = place[1]});
  return points;
}

bool is_connected(const Graph& graph) {
  std::vector<std::size_t> component(num_vertices(graph));
  return boost::connected_components(graph, component.data()) <= 1;
}

}  // namespace

std::vector<Point> places_by_springs(const Graph& graph) {
  const std::size_t n = num_vertices(graph);
  PARLEY_CHECK(n >= 1 && n <= kMostDrawn, n);
  if (n == 1) return {Point{}};
  if (n <= kMostSprings && is_connected(graph)) {
    const auto start = [&](std::vector<Place>& places) {
      for (Place& place : places) place[0] *= 0.1, place[1] *= 0.1;
      add_eigenvectors(graph, places);
    };
    return laid_out(graph, start, [&](auto map, const Plane& plane) {
      const boost::static_property_map<double, Graph::edge_descriptor> length(1.0);
      boost::kamada_kawai_spring_layout(graph, map, length, plane, boost::side_length(2.0));
    });
  }
  constexpr int kSteps = 150;
  constexpr double kFirstStep = 0.2;
  return laid_out(
      graph, [](std::vector<Place>&) {},
      [&](auto map, const Plane& plane) {
        boost::fruchterman_reingold_force_directed_layout(
            graph, map, plane, boost::cooling(boost::linear_cooling<double>(kSteps, kFirstStep)));
      });
}

std::vector<Point> places_of(std::string_view spec, const Graph& graph, std::uint64_t seed) {
  const std::size_t n = num_vertices(graph);
  PARLEY_CHECK(n <= kMostDrawn, n);
  const base::Spec parsed = base::parse_spec(spec);
  const GraphRow& row = base::find_row(graph_registry(), "graph", parsed.name);
  if (row.places == nullptr) return places_by_springs(graph);
  return row.places(base::Arguments(parsed, row.parameters), n, seed);
}

}  // namespace parley::topology
