// A bound on the eigenvalues of W that costs one pass over its entries.
#pragma once

#include "topology/mixing_matrix.h"

namespace parley::topology {

/// The row whose circle (Gershgorin 1931) reaches farthest to the left, and how far: no eigenvalue of a symmetric W is
/// below `left`, the least w_ii - sum_j |w_ij|.
struct Circle {
  Eigen::Index row = 0;
  double left = 1;
};
Circle leftmost_circle(const MixingMatrix& W);

}  // namespace parley::topology
