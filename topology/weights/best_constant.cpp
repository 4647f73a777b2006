#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "topology/digraph.h"
#include "topology/schedule.h"
#include "topology/weights/weighted_laplacian.h"
#include "topology/weights/weights.h"
#include "topology/weights/whole_graphs.h"

namespace parley::topology {
namespace {

constexpr std::size_t kLargestDense = 1500;

/// The largest eigenvalue of the Laplacian and the smallest that is not zero.
struct Ends {
  double smallest, largest;
};

Ends dense_ends(const EdgeGraph& graph) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(weighted_laplacian(graph, Flows(graph.edges.size(), 1.0)),
                                                              Eigen::EigenvaluesOnly);
  PARLEY_CHECK(solver.info() == Eigen::Success, graph.n);
  const Eigen::VectorXd& ascending = solver.eigenvalues();
  const double largest = ascending[ascending.size() - 1];
  constexpr double kZero = 1e-9;  // relative: one for every component of the graph, and what rounding leaves of them
  Eigen::Index first = 0;
  while (ascending[first] < kZero * largest) ++first;
  return {.smallest = ascending[first], .largest = largest};
}

/// Large graphs go through W = I - L / (1 + d_max), whose ends Lanczos knows how to find.
Ends sparse_ends(const EdgeGraph& graph, const std::string& rule) {
  if (std::any_of(graph.shares.begin(), graph.shares.end(), [](double share) { return share != 1; })) {
    throw base::OperatorError(
        fmt::format("{} takes peers of unequal weight on up to {} peers only: set weights = "
                    "\"metropolis\"",
                    rule, kLargestDense));
  }
  const Graph as_graph(graph.edges.begin(), graph.edges.end(), graph.n);
  const auto max_degree = make_weight_rule("max-degree", as_graph);
  const Spectrum found = spectrum(mixing_matrix(as_graph, *max_degree));
  if (found.lambda_2 > 1 - 1e-9) {
    throw base::OperatorError(fmt::format(
        "{} needs connected graphs on more than {} peers: set weights = \"metropolis\"", rule, kLargestDense));
  }
  const auto [low, high] = graph.edges.front();
  const double scale = 1 / max_degree->weight({.from = {low}, .to = {high}});
  return {.smallest = scale * (1 - found.lambda_2), .largest = scale * (1 - found.lambda_n)};
}

/// W = I - a L with a = 2 / (l_max + l_2), which makes both ends of the spectrum as large as each other: the best that
/// one weight for all edges can do (Xiao and Boyd 2004). Self weights may be negative.
std::unique_ptr<WeightRule> make(const WeightBlueprint& blueprint) {
  const std::string rule = blueprint.arguments.canonical();
  return std::make_unique<SolvedWeights>(blueprint, [&](const EdgeGraph& graph, base::Round) {
    const Ends ends = graph.n <= kLargestDense ? dense_ends(graph) : sparse_ends(graph, rule);
    return Flows(graph.edges.size(), 2 / (ends.smallest + ends.largest));
  });
}

}  // namespace

const WeightRow& best_constant_weights() {
  static constexpr WeightRow row{
      .name = "best-constant",
      .summary = "the one weight for all edges that mixes fastest; self weights may be negative",
      .parameters = {},
      .make = make};
  return row;
}

}  // namespace parley::topology
