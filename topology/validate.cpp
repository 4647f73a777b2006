#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "topology/mixing_matrix.h"
#include "topology/spectra/gershgorin.h"
#include "topology/weights/weights.h"

namespace parley::topology {
namespace {

constexpr double kTolerance = 1e-12;           // per entry
constexpr double kEigenvalueTolerance = 1e-9;  // above what either eigenvalue solver gets wrong

using Names = std::span<const std::string>;

/// What to do about it depends on who set the weights.
std::string_view remedy(WeightOrigin origin) {
  return origin == WeightOrigin::rule ? "set weights = \"metropolis\"" : "choose another schedule";
}
std::string_view remedy_for_self_weight(WeightOrigin origin) {
  return origin == WeightOrigin::rule ? "set weights = \"lazy\", or choose a graph with smaller degrees or odd cycles"
                                      : "choose another schedule, whose peers keep more of their own";
}

const std::string& name(Names names, Eigen::Index i) {
  return names[static_cast<std::size_t>(i)];
}

/// One row, or one column, and how far it is from what is needed.
struct Line {
  Eigen::Index index = 0;
  double sum = 1;     ///< relative to what it should be
  double excess = 0;  ///< above the tolerance if positive
};

/// What peers count, 1 on average.
std::vector<double> shares_of(const Requirements& needed, Eigen::Index n) {
  return normalised(needed.shares, static_cast<std::size_t>(n));
}

/// shares[i] w_ij: what W is symmetric in, and has columns that sum to the shares. W itself if all peers are alike.
MixingMatrix weighted(const MixingMatrix& W, const std::vector<double>& shares) {
  MixingMatrix flows = W;
  for (Eigen::Index i = 0; i < W.rows(); ++i) flows.row(i) *= shares[static_cast<std::size_t>(i)];
  return flows;
}

/// The line whose sum is farthest from what it should be, beyond the tolerance of its entries. `of_line` is row-major.
Line worst_line(const MixingMatrix& of_line, const std::vector<double>& target) {
  Line worst;
  for (Eigen::Index i = 0; i < of_line.rows(); ++i) {
    double sum = 0;
    double tolerance = 0;
    for (MixingMatrix::InnerIterator w(of_line, i); w; ++w) {
      sum += w.value();
      tolerance += kTolerance;
    }
    const double wanted = target[static_cast<std::size_t>(i)];
    const double excess = std::abs(sum - wanted) - std::max(tolerance, kTolerance) * std::max(wanted, 1.0);
    if (excess > worst.excess) worst = {.index = i, .sum = sum / wanted, .excess = excess};
  }
  return worst;
}

void require_finite(const MixingMatrix& W, Names names, WeightOrigin origin) {
  for (Eigen::Index i = 0; i < W.rows(); ++i) {
    for (MixingMatrix::InnerIterator w(W, i); w; ++w) {
      if (std::isfinite(w.value())) continue;
      throw base::OperatorError(fmt::format("row of {}: the weight that it gives {} is {}, not a number; {}",
                                            name(names, i), name(names, w.col()), w.value(), remedy(origin)));
    }
  }
}

void require_rows(const MixingMatrix& W, Names names, WeightOrigin origin) {
  const Line worst = worst_line(W, std::vector<double>(names.size(), 1.0));
  if (worst.excess <= 0) return;
  const double self = W.coeff(worst.index, worst.index);
  throw base::OperatorError(fmt::format(
      "row of {} sums to {:.6g}, not to 1: its self weight is {:.6g} and its neighbours get {:.6g}, so the self weight "
      "must be {:.6g}; {}",
      name(names, worst.index), worst.sum, self, worst.sum - self, 1 - (worst.sum - self), remedy(origin)));
}

void require_columns(const MixingMatrix& flows, const std::vector<double>& shares, Names names, WeightOrigin origin) {
  const Line worst = worst_line(flows.transpose(), shares);
  if (worst.excess <= 0) return;
  throw base::OperatorError(fmt::format(
      "column of {} sums to {:.6g}, not to 1: mixing would not keep the average of the models, since that of "
      "{} counts {} than it should; {}",
      name(names, worst.index), worst.sum, name(names, worst.index), worst.sum > 1 ? "more" : "less", remedy(origin)));
}

void require_nonnegative(const MixingMatrix& W, Names names, WeightOrigin origin) {
  for (Eigen::Index i = 0; i < W.rows(); ++i) {
    for (MixingMatrix::InnerIterator w(W, i); w; ++w) {
      if (w.value() >= -kTolerance) continue;
      throw base::OperatorError(
          fmt::format("row of {}: the weight that it gives {} is {:.6g}, none may be negative; {}", name(names, i),
                      name(names, w.col()), w.value(), remedy(origin)));
    }
  }
}

/// The largest |w_ij - w_ji| and where it is.
struct Asymmetry {
  Eigen::Index i = 0, j = 0;
  double difference = 0;
};
Asymmetry asymmetry(const MixingMatrix& W) {
  const MixingMatrix difference = W - MixingMatrix(W.transpose());
  Asymmetry worst;
  for (Eigen::Index i = 0; i < difference.rows(); ++i) {
    for (MixingMatrix::InnerIterator d(difference, i); d; ++d) {
      if (std::abs(d.value()) > worst.difference) worst = {.i = i, .j = d.col(), .difference = std::abs(d.value())};
    }
  }
  return worst;
}

void require_symmetric(const MixingMatrix& W, const MixingMatrix& flows, Names names, WeightOrigin origin) {
  const auto [i, j, difference] = asymmetry(flows);
  if (difference <= kTolerance) return;
  throw base::OperatorError(
      fmt::format("row of {}: it gives {} the weight {:.6g}, but {} gives it {:.6g}; the algorithm "
                  "needs {} to be the same: {}",
                  name(names, i), name(names, j), W.coeff(i, j), name(names, j), W.coeff(j, i),
                  (flows - W).norm() == 0 ? "both" : "both, times the peers' own weights,", remedy(origin)));
}

/// The smallest eigenvalue of a W that is symmetric in the inner product weighted by the shares.
double smallest_eigenvalue(const MixingMatrix& W, const std::vector<double>& shares) {
  if (std::all_of(shares.begin(), shares.end(), [](double share) { return share == 1; })) return spectrum(W).lambda_n;
  const Eigen::VectorXd root = Eigen::Map<const Eigen::VectorXd>(shares.data(), W.rows()).cwiseSqrt();
  const Eigen::MatrixXd similar = root.asDiagonal() * Eigen::MatrixXd(W) * root.cwiseInverse().asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(similar, Eigen::EigenvaluesOnly);
  PARLEY_CHECK(solver.info() == Eigen::Success, W.rows());
  return solver.eigenvalues()[0];
}

void require_lambda_n_above(double bound, const MixingMatrix& W, const std::vector<double>& shares, Names names,
                            WeightOrigin origin) {
  const Circle leftmost = leftmost_circle(W);
  if (leftmost.left > bound + kEigenvalueTolerance) return;  // settled without computing an eigenvalue
  if (W.rows() == 1 || asymmetry(weighted(W, shares)).difference > kTolerance) return;
  const double lambda_n = smallest_eigenvalue(W, shares);
  if (lambda_n > bound + kEigenvalueTolerance) return;
  const double self = W.coeff(leftmost.row, leftmost.row);
  const std::string found = fmt::format(
      "row of {} keeps the self weight {:.6g}, and the smallest eigenvalue of the mixing matrix is {:.6g}, where it "
      "must be above {:.6g}",
      name(names, leftmost.row), self, lambda_n, bound);
  if (lambda_n <= -1 + kEigenvalueTolerance) {
    throw base::OperatorError(fmt::format(
        "{}: neighbours would swap their models round after round and never agree; {}", found, remedy(origin)));
  }
  throw base::OperatorError(
      fmt::format("{}: the algorithm needs more self weight; {}", found, remedy_for_self_weight(origin)));
}

}  // namespace

bool is_symmetric(const MixingMatrix& W) {
  return W.rows() == W.cols() && asymmetry(W).difference <= kTolerance;
}

void validate(const MixingMatrix& W, const Requirements& needed, Names names, WeightOrigin origin) {
  PARLEY_CHECK(W.rows() == W.cols() && W.rows() == static_cast<Eigen::Index>(names.size()), W.rows(), W.cols(),
               names.size());
  const std::vector<double> shares = shares_of(needed, W.rows());
  const MixingMatrix flows = weighted(W, shares);
  require_finite(W, names, origin);
  if (needed.sums != Stochastic::columns) require_rows(W, names, origin);
  // Columns before symmetry: which peer counts too much says more than which two weights differ.
  if (needed.sums != Stochastic::rows) require_columns(flows, shares, names, origin);
  if (needed.nonnegative) require_nonnegative(W, names, origin);
  if (needed.symmetric) require_symmetric(W, flows, names, origin);
  if (needed.sums != Stochastic::columns) require_lambda_n_above(needed.lambda_n_above, W, shares, names, origin);
}

}  // namespace parley::topology
