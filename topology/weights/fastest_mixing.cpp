#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "topology/schedule.h"
#include "topology/weights/weighted_laplacian.h"
#include "topology/weights/weights.h"
#include "topology/weights/whole_graphs.h"

namespace parley::topology {
namespace {

constexpr std::size_t kMostPeers = 256;  // every step takes all eigenvectors of an n by n matrix
constexpr int kStages = 4;               // each starts from the best so far and takes smaller steps
constexpr int kStepsPerStage = 60;
constexpr double kFirstStep = 0.2;     // of the length of all flows
constexpr double kShorterSteps = 0.3;  // from one stage to the next

/// May a weight be negative?
enum class Sign { any, nonnegative };

/// What one round leaves of the worst disagreement, and in which direction that falls fastest.
struct Rate {
  double value = 0;
  Eigen::VectorXd descent;  // one per edge
};

Rate rate(const EdgeGraph& graph, const Flows& flows) {
  const auto n = static_cast<Eigen::Index>(graph.n);
  Eigen::VectorXd root = Eigen::Map<const Eigen::VectorXd>(graph.shares.data(), n).cwiseSqrt();
  const Eigen::MatrixXd W = Eigen::MatrixXd::Identity(n, n) - weighted_laplacian(graph, flows);
  // The eigenvalue of agreement becomes 0; those that are left should be small, on either side of it.
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(W - root * root.transpose() / root.squaredNorm());
  PARLEY_CHECK(solver.info() == Eigen::Success, graph.n);
  const double lowest = solver.eigenvalues()[0], highest = solver.eigenvalues()[n - 1];
  const bool high_end = highest >= -lowest;
  const Eigen::VectorXd u = solver.eigenvectors().col(high_end ? n - 1 : 0).cwiseQuotient(root);
  Rate found{.value = std::max(highest, -lowest), .descent = Eigen::VectorXd(graph.edges.size())};
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    const double difference = u[graph.edges[e].first] - u[graph.edges[e].second];
    found.descent[static_cast<Eigen::Index>(e)] = (high_end ? 1 : -1) * difference * difference;
  }
  return found;
}

using Incidence = std::vector<std::vector<std::size_t>>;  // by peer, the edges that it is an end of

Incidence incidence(const EdgeGraph& graph) {
  Incidence edges_of(graph.n);
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    edges_of[graph.edges[e].first].push_back(e);
    edges_of[graph.edges[e].second].push_back(e);
  }
  return edges_of;
}

/// Makes flows nonnegative, and what a peer gives away not larger than its share, one peer after the other: making
/// flows smaller cannot make another's too large.
void project(const EdgeGraph& graph, const Incidence& edges_of, Flows& flows) {
  for (double& flow : flows) flow = std::max(flow, 0.0);
  for (std::size_t i = 0; i < graph.n; ++i) {
    double given_away = 0;
    for (const std::size_t e : edges_of[i]) given_away += flows[e];
    if (given_away <= graph.shares[i]) continue;
    for (const std::size_t e : edges_of[i]) flows[e] *= graph.shares[i] / given_away;
  }
}

Flows metropolis_flows(const EdgeGraph& graph, const Incidence& edges_of) {
  const auto most = [&](std::size_t i) { return graph.shares[i] / static_cast<double>(1 + edges_of[i].size()); };
  Flows flows;
  for (const auto& [i, j] : graph.edges) flows.push_back(std::min(most(i), most(j)));
  return flows;
}

/// The best single flow for all edges, which is the optimum where all edges are alike (edge-transitive graphs).
Flows constant_flows(const EdgeGraph& graph, const Incidence& edges_of, Sign sign) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(weighted_laplacian(graph, Flows(graph.edges.size(), 1.0)),
                                                              Eigen::EigenvaluesOnly);
  PARLEY_CHECK(solver.info() == Eigen::Success, graph.n);
  double flow = 2 / (solver.eigenvalues()[1] + solver.eigenvalues()[solver.eigenvalues().size() - 1]);
  if (sign == Sign::nonnegative) {
    for (std::size_t i = 0; i < graph.n; ++i)
      flow = std::min(flow, graph.shares[i] / static_cast<double>(edges_of[i].size()));
  }
  return Flows(graph.edges.size(), flow);
}

double length(const Flows& flows) {
  return std::sqrt(std::inner_product(flows.begin(), flows.end(), flows.begin(), 0.0));
}

/// Projected subgradient descent on the rate, which is convex in the flows (Boyd, Diaconis and Xiao 2004).
Flows fastest(const EdgeGraph& graph, Sign sign, const std::string& rule, base::Round round) {
  if (graph.n > kMostPeers) {
    throw base::OperatorError(
        fmt::format("{} is for up to {} peers: set weights = \"best-constant\"", rule, kMostPeers));
  }
  const Incidence edges_of = incidence(graph);
  Flows best = metropolis_flows(graph, edges_of);
  double lowest = rate(graph, best).value;
  if (lowest > 1 - 1e-12) {
    throw base::OperatorError(fmt::format(
        "{} needs a connected graph in every round, and that of round {} is not: set weights = \"metropolis\"", rule,
        round));
  }
  const auto keep_if_better = [&](const Flows& flows, double value) {
    if (value >= lowest) return;
    best = flows;
    lowest = value;
  };
  const Flows constant = constant_flows(graph, edges_of, sign);
  keep_if_better(constant, rate(graph, constant).value);

  double step = kFirstStep * length(best);
  for (int stage = 0; stage < kStages; ++stage, step *= kShorterSteps) {
    Flows flows = best;
    for (int k = 1; k <= kStepsPerStage; ++k) {
      const Rate here = rate(graph, flows);
      keep_if_better(flows, here.value);
      const double norm = here.descent.norm();
      if (norm == 0) return best;
      for (std::size_t e = 0; e < flows.size(); ++e)
        flows[e] += step / (norm * std::sqrt(k)) * here.descent[static_cast<Eigen::Index>(e)];
      if (sign == Sign::nonnegative) project(graph, edges_of, flows);
    }
  }
  return best;
}

template <Sign kSign>
std::unique_ptr<WeightRule> make(const WeightBlueprint& blueprint) {
  const std::string rule = blueprint.arguments.canonical();
  return std::make_unique<SolvedWeights>(
      blueprint, [&](const EdgeGraph& graph, base::Round round) { return fastest(graph, kSign, rule, round); });
}

}  // namespace

const WeightRow& fdla_weights() {
  static constexpr WeightRow row{
      .name = "fdla",
      .summary = "symmetric weights that mix fastest, found by descent; some may be negative; up to 256 peers",
      .parameters = {},
      .make = make<Sign::any>};
  return row;
}

const WeightRow& fmmc_weights() {
  static constexpr WeightRow row{
      .name = "fmmc",
      .summary = "nonnegative symmetric weights that mix fastest, found by descent; up to 256 peers",
      .parameters = {},
      .make = make<Sign::nonnegative>};
  return row;
}

}  // namespace parley::topology
