#include "topology/spectra/factor_size.h"

#include <Eigen/OrderingMethods>
#include <vector>

namespace parley::topology {
namespace {

constexpr double kMostEntries = 1.2e7;
constexpr double kMostMultiplications = 1.5e9;

/// Walks the elimination tree as it grows (Liu 1986): row k of the factor has an entry at every vertex on the paths
/// from the entries of row k of A up to k. Eigen counts likewise, but asks for the memory before one could say no.
bool is_cheap(const Eigen::SparseMatrix<double>& A) {
  const auto n = static_cast<std::size_t>(A.cols());
  std::vector<std::size_t> parent(n, n), visited_by(n, n);
  std::vector<double> column(n);
  double entries = 0;
  for (std::size_t k = 0; k < n; ++k) {
    visited_by[k] = k;
    for (Eigen::SparseMatrix<double>::InnerIterator entry(A, static_cast<Eigen::Index>(k)); entry; ++entry) {
      for (auto i = static_cast<std::size_t>(entry.row()); i < k && visited_by[i] != k; i = parent[i]) {
        if (parent[i] == n) parent[i] = k;
        visited_by[i] = k;
        column[i] += 1;
        entries += 1;
      }
    }
    if (entries > kMostEntries) return false;
  }
  double multiplications = 0;
  for (const double length : column) multiplications += length * length;
  return multiplications <= kMostMultiplications;
}

}  // namespace

std::optional<Ordering> cheap_ordering(const Eigen::SparseMatrix<double>& A) {
  Ordering inverse;
  Eigen::AMDOrdering<int>()(A, inverse);
  Ordering ordering = inverse.inverse();
  Eigen::SparseMatrix<double> ordered;
  ordered = A.twistedBy(ordering);
  if (!is_cheap(ordered)) return std::nullopt;
  return ordering;
}

}  // namespace parley::topology
