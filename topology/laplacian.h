// The Laplacian L = D - A of a graph, and what follows from its ends alone.
#pragma once

#include "topology/graph.h"

namespace parley::topology {

/// The ends of the Laplacian's spectrum 0 <= l_2 <= ... <= l_max. One peer has both 0.
struct LaplacianEnds {
  double connectivity = 0;  ///< l_2, Fiedler's algebraic connectivity; 0 if the graph is not connected
  double largest = 0;       ///< l_max

  /// W = I - a L mixes fastest with this a, 2 / (l_2 + l_max) (Xiao and Boyd 2004); 0 without edges.
  double best_constant() const { return largest > 0 ? 2 / (connectivity + largest) : 0; }
  /// With that a, the factor by which a round shrinks the distance to the average at worst.
  double best_constant_rate() const { return largest > 0 ? (largest - connectivity) / (largest + connectivity) : 1; }
};
/// Throws base::OperatorError for a large graph whose eigenvalues no method finds.
LaplacianEnds laplacian_ends(const Graph& graph);

}  // namespace parley::topology
