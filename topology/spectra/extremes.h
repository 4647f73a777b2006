// The ends of the spectrum of a symmetric matrix with rows that sum to zero: a graph's Laplacian, or I - W.
#pragma once

#include "topology/mixing_matrix.h"

namespace parley::topology {

/// Of all eigenvalues but the 0 of the constant vector.
struct Extremes {
  double smallest = 0;  ///< accurate to about 1e-6 of itself, however small
  double largest = 0;   ///< to about 1e-10 of |L|
};

/// Dense up to some thousand rows, sparse beyond. Throws base::OperatorError for a large matrix with which no method
/// gets to an end. Checked: L is square, has at least two rows, and is symmetric; its diagonal is not looked at, but
/// taken to be what makes the rows sum to zero.
Extremes extremes(const MixingMatrix& L);

}  // namespace parley::topology
