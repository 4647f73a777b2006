#include <algorithm>

#include "base/error.h"
#include "topology/mixing_matrix.h"
#include "topology/spectra/extremes.h"

namespace parley::topology {

Spectrum spectrum(const MixingMatrix& W) {
  PARLEY_CHECK(W.rows() >= 1 && is_symmetric(W), W.rows(), W.cols());
  const double worst_sum =
      (W * Eigen::VectorXd::Ones(W.cols()) - Eigen::VectorXd::Ones(W.cols())).cwiseAbs().maxCoeff();
  PARLEY_CHECK(worst_sum < 1e-9, worst_sum);
  if (W.rows() == 1) return {.lambda_2 = 0, .lambda_n = 1, .gap = 1, .beta = 0};
  // Through I - W: on a long graph the gap is what is left of 1 after its first digits.
  const auto [smallest, largest] = extremes(-W);
  const auto distance_to_one = [](double one_minus_lambda) { return std::min(one_minus_lambda, 2 - one_minus_lambda); };
  return {.lambda_2 = 1 - smallest,
          .lambda_n = 1 - largest,
          .gap = std::min(distance_to_one(smallest), distance_to_one(largest)),
          .beta = largest};
}

}  // namespace parley::topology
