#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "topology/mixing_matrix.h"
#include "topology/spectra/gershgorin.h"

namespace parley::topology {
namespace {

constexpr double kTolerance = 1e-12;           // per entry
constexpr double kEigenvalueTolerance = 1e-9;  // above what either eigenvalue solver gets wrong
constexpr std::string_view kRemedy = "set weights = \"metropolis\"";

using Names = std::span<const std::string>;

const std::string& name(Names names, Eigen::Index i) {
  return names[static_cast<std::size_t>(i)];
}

/// One row, or one column, and how far it is from what is needed.
struct Line {
  Eigen::Index index = 0;
  double sum = 1;
  double excess = 0;  ///< above the tolerance if positive
};

/// The line whose sum is farthest from one, beyond the tolerance of its entries. `of_line` is row-major.
Line worst_line(const MixingMatrix& of_line) {
  Line worst;
  for (Eigen::Index i = 0; i < of_line.rows(); ++i) {
    double sum = 0;
    double tolerance = 0;
    for (MixingMatrix::InnerIterator w(of_line, i); w; ++w) {
      sum += w.value();
      tolerance += kTolerance;
    }
    const double excess = std::abs(sum - 1) - std::max(tolerance, kTolerance);
    if (excess > worst.excess) worst = {.index = i, .sum = sum, .excess = excess};
  }
  return worst;
}

void require_finite(const MixingMatrix& W, Names names) {
  for (Eigen::Index i = 0; i < W.rows(); ++i) {
    for (MixingMatrix::InnerIterator w(W, i); w; ++w) {
      if (std::isfinite(w.value())) continue;
      throw base::OperatorError(fmt::format("row of {}: the weight that it gives {} is {}, not a number; {}",
                                            name(names, i), name(names, w.col()), w.value(), kRemedy));
    }
  }
}

void require_rows(const MixingMatrix& W, Names names) {
  const Line worst = worst_line(W);
  if (worst.excess <= 0) return;
  const double self = W.coeff(worst.index, worst.index);
  throw base::OperatorError(fmt::format(
      "row of {} sums to {:.6g}, not to 1: its self weight is {:.6g} and its neighbours get {:.6g}, so the self weight "
      "must be {:.6g}; {}",
      name(names, worst.index), worst.sum, self, worst.sum - self, 1 - (worst.sum - self), kRemedy));
}

void require_columns(const MixingMatrix& W, Names names) {
  const Line worst = worst_line(W.transpose());
  if (worst.excess <= 0) return;
  throw base::OperatorError(fmt::format(
      "column of {} sums to {:.6g}, not to 1: mixing would not keep the average of the models, since that of "
      "{} counts {} than it should; {}",
      name(names, worst.index), worst.sum, name(names, worst.index), worst.sum > 1 ? "more" : "less", kRemedy));
}

void require_nonnegative(const MixingMatrix& W, Names names) {
  for (Eigen::Index i = 0; i < W.rows(); ++i) {
    for (MixingMatrix::InnerIterator w(W, i); w; ++w) {
      if (w.value() >= -kTolerance) continue;
      throw base::OperatorError(
          fmt::format("row of {}: the weight that it gives {} is {:.6g}, none may be negative; {}", name(names, i),
                      name(names, w.col()), w.value(), kRemedy));
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

void require_symmetric(const MixingMatrix& W, Names names) {
  const auto [i, j, difference] = asymmetry(W);
  if (difference <= kTolerance) return;
  throw base::OperatorError(
      fmt::format("row of {}: it gives {} the weight {:.6g}, but {} gives it {:.6g}; the algorithm "
                  "needs both to be the same: {}",
                  name(names, i), name(names, j), W.coeff(i, j), name(names, j), W.coeff(j, i), kRemedy));
}

void require_lambda_n_above(double bound, const MixingMatrix& W, Names names) {
  const Circle leftmost = leftmost_circle(W);
  if (leftmost.left > bound + kEigenvalueTolerance) return;  // settled without computing an eigenvalue
  if (W.rows() == 1 || !is_symmetric(W)) return;
  const double lambda_n = spectrum(W).lambda_n;
  if (lambda_n > bound + kEigenvalueTolerance) return;
  const double self = W.coeff(leftmost.row, leftmost.row);
  const std::string found = fmt::format(
      "row of {} keeps the self weight {:.6g}, and the smallest eigenvalue of the mixing matrix is {:.6g}, where it "
      "must "
      "be above {:.6g}",
      name(names, leftmost.row), self, lambda_n, bound);
  if (lambda_n <= -1 + kEigenvalueTolerance) {
    throw base::OperatorError(
        fmt::format("{}: neighbours would swap their models round after round and never agree; {}", found, kRemedy));
  }
  throw base::OperatorError(fmt::format(
      "{}: the algorithm needs more self weight; halve what every peer gives its neighbours, or choose a graph with "
      "smaller degrees or odd cycles",
      found));
}

}  // namespace

bool is_symmetric(const MixingMatrix& W) {
  return W.rows() == W.cols() && asymmetry(W).difference <= kTolerance;
}

void validate(const MixingMatrix& W, const Requirements& needed, Names names) {
  PARLEY_CHECK(W.rows() == W.cols() && W.rows() == static_cast<Eigen::Index>(names.size()), W.rows(), W.cols(),
               names.size());
  require_finite(W, names);
  require_rows(W, names);
  // Columns before symmetry: which peer counts too much says more than which two weights differ.
  if (needed.doubly_stochastic) require_columns(W, names);
  if (needed.nonnegative) require_nonnegative(W, names);
  if (needed.symmetric) require_symmetric(W, names);
  require_lambda_n_above(needed.lambda_n_above, W, names);
}

}  // namespace parley::topology
