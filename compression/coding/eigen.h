// Eigenvectors of a small symmetric matrix, to the bit the same everywhere.
#pragma once

#include <cstddef>
#include <vector>

namespace parley::compression {

/// Turns `matrix`, symmetric, order x order, into a nearly diagonal one by Jacobi's rotations, row by row, until what
/// is off the diagonal is 2^-40 of the whole or after 30 rounds; the rows of `vectors` become orthonormal eigenvectors.
/// They are orthonormal whether or not it has converged. Sums, products and square roots in double.
void diagonalise(std::vector<double>& matrix, std::size_t order, std::vector<double>& vectors);

}  // namespace parley::compression
