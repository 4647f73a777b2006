#include <Spectra/MatOp/SparseSymShiftSolve.h>
#include <Spectra/SymEigsShiftSolver.h>
#include <Spectra/SymEigsSolver.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "topology/mixing_matrix.h"
#include "topology/spectra/gershgorin.h"

namespace parley::topology {
namespace {

constexpr Eigen::Index kLargestDense = 1500;
constexpr double kLanczosTolerance = 1e-10;  // of the residual; an eigenvalue's error is at most that large
constexpr double kOutside = 1e-7;            // how far beyond the end of the spectrum it is inverted

struct Ends {
  double lambda_2, lambda_n;
};

Ends dense_ends(const MixingMatrix& W) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(Eigen::MatrixXd(W), Eigen::EigenvaluesOnly);
  PARLEY_CHECK(solver.info() == Eigen::Success, W.rows());
  const Eigen::VectorXd& ascending = solver.eigenvalues();
  return {.lambda_2 = ascending[W.rows() - 2], .lambda_n = ascending[0]};
}

/// x -> W x - shift * mean(x): moves the eigenvalue of the constant vector from 1 to 1 - shift, and no other.
class Deflated {
 public:
  using Scalar = double;
  Deflated(const MixingMatrix& W, double shift) : W_(W), shift_(shift) {}
  Eigen::Index rows() const { return W_.rows(); }
  Eigen::Index cols() const { return W_.cols(); }
  void perform_op(const double* x_in, double* y_out) const {
    const Eigen::Map<const Eigen::VectorXd> x(x_in, cols());
    Eigen::Map<Eigen::VectorXd> y(y_out, rows());
    y.noalias() = W_ * x;
    y.array() -= shift_ * x.mean();
  }

 private:
  const MixingMatrix& W_;
  double shift_;
};

/// Lanczos on W itself: fast when the wanted eigenvalue stands apart from the others.
std::optional<double> extreme_eigenvalue(Deflated op, Spectra::SortRule which) {
  constexpr Eigen::Index kKrylov = 40;
  constexpr Eigen::Index kMaxRestarts = 50;
  Spectra::SymEigsSolver<Deflated> solver(op, 1, kKrylov);
  solver.init();
  if (solver.compute(which, kMaxRestarts, kLanczosTolerance) < 1) return std::nullopt;
  // The Rayleigh quotient is closer than the value that Lanczos found, which rounding spoils in small Krylov spaces.
  const Eigen::VectorXd v = solver.eigenvectors(1);
  Eigen::VectorXd Wv(v.size());
  op.perform_op(v.data(), Wv.data());
  return v.dot(Wv) / v.squaredNorm();
}

/// Lanczos on (W - sigma I)^-1: the eigenvalues of W next to sigma, `count` of them, in descending order. Those of
/// rings, paths and other long graphs crowd at both ends of the spectrum, where Lanczos on W hardly moves; their
/// factors are sparse, so that solving costs no more than multiplying.
std::optional<Eigen::VectorXd> eigenvalues_next_to(double sigma, const MixingMatrix& W, Eigen::Index count) {
  constexpr Eigen::Index kKrylov = 40;
  constexpr Eigen::Index kMaxRestarts = 50;
  using Solve = Spectra::SparseSymShiftSolve<double, Eigen::Lower, Eigen::RowMajor>;
  Solve op(W);
  Spectra::SymEigsShiftSolver<Solve> solver(op, count, kKrylov, sigma);
  solver.init();
  const auto converged =
      solver.compute(Spectra::SortRule::LargestMagn, kMaxRestarts, kLanczosTolerance, Spectra::SortRule::LargestAlge);
  if (converged < count) return std::nullopt;
  return solver.eigenvalues();
}

std::optional<double> second_largest(const MixingMatrix& W) {
  // Shifted by two, the eigenvalue 1 of the constant vector becomes -1 and the largest that is left is lambda_2.
  if (const auto value = extreme_eigenvalue(Deflated(W, 2), Spectra::SortRule::LargestAlge)) return value;
  const auto values = eigenvalues_next_to(1 + kOutside, W, 2);
  return values ? std::optional((*values)[1]) : std::nullopt;
}

std::optional<double> smallest(const MixingMatrix& W) {
  if (const auto value = extreme_eigenvalue(Deflated(W, 0), Spectra::SortRule::SmallestAlge)) return value;
  const auto values = eigenvalues_next_to(leftmost_circle(W).left - kOutside, W, 1);
  return values ? std::optional((*values)[0]) : std::nullopt;
}

std::optional<Ends> lanczos_ends(const MixingMatrix& W) {
  const auto lambda_2 = second_largest(W);
  const auto lambda_n = lambda_2 ? smallest(W) : std::nullopt;
  if (!lambda_n) return std::nullopt;
  return Ends{.lambda_2 = *lambda_2, .lambda_n = *lambda_n};
}

}  // namespace

Spectrum spectrum(const MixingMatrix& W) {
  PARLEY_CHECK(W.rows() >= 1 && is_symmetric(W), W.rows(), W.cols());
  const double worst_sum =
      (W * Eigen::VectorXd::Ones(W.cols()) - Eigen::VectorXd::Ones(W.cols())).cwiseAbs().maxCoeff();
  PARLEY_CHECK(worst_sum < 1e-9, worst_sum);
  if (W.rows() == 1) return {.lambda_2 = 0, .lambda_n = 1, .gap = 1, .beta = 0};
  std::optional<Ends> ends;
  if (W.rows() > kLargestDense) ends = lanczos_ends(W);
  if (!ends) ends = dense_ends(W);  // slow beyond some thousand peers, but never wrong
  return {.lambda_2 = ends->lambda_2,
          .lambda_n = ends->lambda_n,
          .gap = 1 - std::max(std::abs(ends->lambda_2), std::abs(ends->lambda_n)),
          .beta = 1 - ends->lambda_n};
}

}  // namespace parley::topology
