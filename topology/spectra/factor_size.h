// What a sparse factorisation would cost, before any memory is taken for it.
#pragma once

#include <Eigen/SparseCore>
#include <optional>

namespace parley::topology {

using Ordering = Eigen::PermutationMatrix<Eigen::Dynamic, Eigen::Dynamic, int>;

/// The order of rows in which the Cholesky factor of a symmetric matrix stays sparse (approximate minimum degree;
/// Amestoy et al. 1996), as A.twistedBy() takes it; nothing if the factor would still take more than about a second or
/// 200 MB.
std::optional<Ordering> cheap_ordering(const Eigen::SparseMatrix<double>& A);

}  // namespace parley::topology
