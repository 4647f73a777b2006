#include "topology/spectra/extremes.h"

#include <Spectra/SymEigsSolver.h>

#include <Eigen/Eigenvalues>
#include <Eigen/SparseCholesky>
#include <algorithm>
#include <boost/graph/connected_components.hpp>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "topology/spectra/factor_size.h"

namespace parley::topology {
namespace {

using Eigen::Index;
using Eigen::VectorXd;
using Matrix = Eigen::SparseMatrix<double>;

constexpr Index kLargestDense = 1500;
constexpr Index kLargestDenseIfAllElseFails = 5000;
constexpr double kOutside = 1e-7;  // how far beyond the end of the spectrum it is inverted, relative to |L|

/// The matrix without its diagonal, whose rounding errors would drown the smallest eigenvalue of a long graph, and with
/// what the rows need to sum to zero instead.
Matrix balanced(const MixingMatrix& L) {
  std::vector<Eigen::Triplet<double>> entries;
  for (Index i = 0; i < L.rows(); ++i) {
    double sum = 0;
    for (MixingMatrix::InnerIterator entry(L, i); entry; ++entry) {
      if (entry.col() == i || entry.value() == 0) continue;
      entries.emplace_back(static_cast<int>(i), static_cast<int>(entry.col()), entry.value());
      sum += entry.value();
    }
    entries.emplace_back(static_cast<int>(i), static_cast<int>(i), -sum);
  }
  Matrix result(L.rows(), L.cols());
  result.setFromTriplets(entries.begin(), entries.end());
  return result;
}

/// No eigenvalue is above this (Gershgorin 1931).
double upper_bound(const Matrix& L) {
  double highest = 0;
  for (Index i = 0; i < L.cols(); ++i) {
    double right = 0;
    for (Matrix::InnerIterator entry(L, i); entry; ++entry)
      right += entry.row() == i ? entry.value() : std::abs(entry.value());
    highest = std::max(highest, right);
  }
  return highest;
}

/// v^T L v / v^T v as a sum over edges, in which nothing cancels.
double rayleigh_quotient(const Matrix& L, const VectorXd& v) {
  double sum = 0;
  for (Index j = 0; j < L.cols(); ++j) {
    for (Matrix::InnerIterator entry(L, j); entry && entry.row() < j; ++entry) {
      const double difference = v[entry.row()] - v[j];
      sum -= entry.value() * difference * difference;
    }
  }
  return sum / v.squaredNorm();
}

Extremes dense_extremes(const Matrix& L) {
  // Moves the eigenvalue of the constant vector to the far end, out of the way of both others.
  const double away = 2 * upper_bound(L) + 1;
  Eigen::MatrixXd dense(L);
  dense.array() += away / static_cast<double>(L.rows());
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(dense, Eigen::EigenvaluesOnly);
  PARLEY_CHECK(solver.info() == Eigen::Success, L.rows());
  const VectorXd& ascending = solver.eigenvalues();
  return {.smallest = ascending[0], .largest = ascending[L.rows() - 2]};
}

/// An operator for Spectra: what `apply` makes of a vector.
template <class Apply>
class Operator {
 public:
  using Scalar = double;
  Operator(Index n, Apply apply) : n_(n), apply_(std::move(apply)) {}
  Index rows() const { return n_; }
  Index cols() const { return n_; }
  void perform_op(const double* x, double* y) const {
    Eigen::Map<VectorXd> result(y, n_);
    apply_(Eigen::Map<const VectorXd>(x, n_), result);
  }

 private:
  Index n_;
  Apply apply_;
};

using In = Eigen::Map<const VectorXd>;
using Out = Eigen::Map<VectorXd>;

/// The eigenvector of the largest eigenvalue, by Lanczos with restarts (Spectra).
template <class Apply>
std::optional<VectorXd> dominant(Index n, Index max_restarts, double tolerance, Apply apply) {
  constexpr Index kKrylov = 40;
  Operator op(n, std::move(apply));
  Spectra::SymEigsSolver<decltype(op)> solver(op, 1, std::min(kKrylov, n));
  solver.init();
  if (solver.compute(Spectra::SortRule::LargestAlge, max_restarts, tolerance) < 1) return std::nullopt;
  return solver.eigenvectors(1);
}

/// Lanczos on L itself: fast when the wanted eigenvalue stands apart from the others.
std::optional<Extremes> by_multiplying(const Matrix& L, Index max_restarts, double tolerance) {
  const double bound = upper_bound(L);
  const auto low = dominant(L.cols(), max_restarts, tolerance, [&](const In& x, Out& y) {
    y.noalias() = bound * x - L * x;
    y.array() -= y.mean();  // what is left of the constant vector
  });
  if (!low) return std::nullopt;
  const auto high = dominant(L.cols(), max_restarts, tolerance, [&](const In& x, Out& y) { y.noalias() = L * x; });
  if (!high) return std::nullopt;
  return Extremes{.smallest = rayleigh_quotient(L, *low), .largest = rayleigh_quotient(L, *high)};
}

/// Solves with a symmetric positive definite matrix that is ordered for little fill already.
using Solver = Eigen::SimplicialLDLT<Matrix, Eigen::Lower, Eigen::NaturalOrdering<int>>;

bool factorise(const Matrix& A, Solver& solver) {
  solver.compute(A);
  return solver.info() == Eigen::Success && solver.vectorD().minCoeff() > 0;
}

/// Lanczos on the inverse of L, where the eigenvalues that crowd at its lower end on rings, paths and other long graphs
/// stand apart. The constant vector is kept out by projecting it away, and the matrix made regular by leaving out the
/// last row: that is the pseudoinverse, without a shift that would have to be smaller than what is looked for.
std::optional<double> smallest_by_solving(const Matrix& L) {
  constexpr Index kMaxRestarts = 40;
  const Index n = L.cols();
  Solver solver;
  if (!factorise(L.topLeftCorner(n - 1, n - 1), solver)) return std::nullopt;
  VectorXd b(n);
  const auto v = dominant(n, kMaxRestarts, 1e-8, [&](const In& x, Out& y) {
    b = x.array() - x.mean();
    y.head(n - 1) = solver.solve(b.head(n - 1));
    y[n - 1] = 0;
    y.array() -= y.mean();
  });
  return v ? std::optional(rayleigh_quotient(L, *v)) : std::nullopt;
}

/// Lanczos on the inverse of (bound - L), for the same reason.
std::optional<double> largest_by_solving(const Matrix& L) {
  constexpr Index kMaxRestarts = 40;
  const Index n = L.cols();
  Matrix A = -L;
  const double bound = upper_bound(L);
  for (Index i = 0; i < n; ++i) A.coeffRef(i, i) += bound * (1 + kOutside);
  Solver solver;
  if (!factorise(A, solver)) return std::nullopt;
  const auto v = dominant(n, kMaxRestarts, 1e-6, [&](const In& x, Out& y) { y = solver.solve(x); });
  return v ? std::optional(rayleigh_quotient(L, *v)) : std::nullopt;
}

bool is_connected(const Matrix& L) {
  Graph graph(static_cast<std::size_t>(L.cols()));
  for (Index j = 0; j < L.cols(); ++j) {
    for (Matrix::InnerIterator entry(L, j); entry && entry.row() < j; ++entry)
      add_edge(static_cast<std::size_t>(entry.row()), static_cast<std::size_t>(j), graph);
  }
  std::vector<std::size_t> component(num_vertices(graph));
  return boost::connected_components(graph, component.data()) == 1;
}

std::optional<Extremes> by_solving(const Matrix& L) {
  const auto ordering = cheap_ordering(L);
  if (!ordering) return std::nullopt;
  Matrix ordered;
  ordered = L.twistedBy(*ordering);
  const auto smallest = is_connected(L) ? smallest_by_solving(ordered) : std::optional(0.0);
  const auto largest = smallest ? largest_by_solving(ordered) : std::nullopt;
  if (!largest) return std::nullopt;
  return Extremes{.smallest = *smallest, .largest = *largest};
}

}  // namespace

Extremes extremes(const MixingMatrix& given) {
  PARLEY_CHECK(given.rows() >= 2 && is_symmetric(given), given.rows(), given.cols());
  const Matrix L = balanced(given);
  if (L.nonZeros() == L.cols()) return {};  // no edges
  if (L.cols() <= kLargestDense) return dense_extremes(L);
  constexpr Index kFewRestarts = 3, kManyRestarts = 400;
  if (const auto quick = by_multiplying(L, kFewRestarts, 1e-10)) return *quick;
  if (const auto inverse = by_solving(L)) return *inverse;
  if (const auto slow = by_multiplying(L, kManyRestarts, 1e-7)) return *slow;
  if (L.cols() <= kLargestDenseIfAllElseFails) return dense_extremes(L);
  throw base::OperatorError(
      fmt::format("the eigenvalues of a graph of {} peers were not found: it mixes slowly and has too many edges for a "
                  "sparse factorisation; look at the same graph with fewer peers",
                  L.cols()));
}

}  // namespace parley::topology
