// The symmetric matrix behind mixing with unequal shares.
#pragma once

#include <Eigen/Core>
#include <cmath>

#include "topology/weights/whole_graphs.h"

namespace parley::topology {

/// S^-1/2 L S^-1/2, with the Laplacian L of the graph whose edges have these flows and the shares S on the diagonal.
/// With shares[i] w_ij = flow, W is similar to the identity minus this. Its eigenvalue 0 has the eigenvector
/// sqrt(shares).
inline Eigen::MatrixXd weighted_laplacian(const EdgeGraph& graph, const Flows& flows) {
  const auto n = static_cast<Eigen::Index>(graph.n);
  Eigen::MatrixXd L = Eigen::MatrixXd::Zero(n, n);
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    const auto [i, j] = graph.edges[e];
    L(i, i) += flows[e] / graph.shares[i];
    L(j, j) += flows[e] / graph.shares[j];
    L(i, j) = L(j, i) = -flows[e] / std::sqrt(graph.shares[i] * graph.shares[j]);
  }
  return L;
}

}  // namespace parley::topology
