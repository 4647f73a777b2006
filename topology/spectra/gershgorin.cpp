#include "topology/spectra/gershgorin.h"

#include <cmath>

namespace parley::topology {

Circle leftmost_circle(const MixingMatrix& W) {
  Circle leftmost;
  for (Eigen::Index i = 0; i < W.rows(); ++i) {
    double left = 0;
    for (MixingMatrix::InnerIterator w(W, i); w; ++w) left += w.col() == i ? w.value() : -std::abs(w.value());
    if (left < leftmost.left) leftmost = {.row = i, .left = left};
  }
  return leftmost;
}

}  // namespace parley::topology
