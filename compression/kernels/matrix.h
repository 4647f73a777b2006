// Products of a large matrix with a few vectors, to the bit the same on every SIMD target.
//
// M is m x n, row-major. r vectors lie one after the other: P is r x m and Q is r x n. All arithmetic is in float, one
// rounding each; M enters as M u, where u is a power of two.
#pragma once

#include <cstddef>

namespace parley::compression::kernels {

/// Rows or columns of M, so that threads can share a product: each of P_k[i], Q_k[j] and y_ij comes out the same.
struct Range {
  std::size_t first, end;
};

/// P_k[i] = sum_j (M_ij u) Q_k[j], in sixteen partial sums, j in the (j mod 16)-th, then halved until one is left.
void multiply(const float* matrix, std::size_t m, std::size_t n, float u, const float* q, std::size_t r, float* p);
/// The same for the rows `range` only.
void multiply_rows(const float* matrix, std::size_t m, std::size_t n, Range range, float u, const float* q,
                   std::size_t r, float* p);

/// Q_k[j] = sum_i (M_ij u) P_k[i], in ascending order of i.
void multiply_transposed(const float* matrix, std::size_t m, std::size_t n, float u, const float* p, std::size_t r,
                         float* q);
/// The same for the columns `range` only.
void multiply_columns(const float* matrix, std::size_t m, std::size_t n, Range range, float u, const float* p,
                      std::size_t r, float* q);

/// y_ij += scale * v_ij, v_ij = (sum_k P_k[i] Q_k[j]) u, in ascending order of k, limited to the finite floats.
/// Precondition: the sums are finite, r >= 1.
void add_outer(const float* p, const float* q, std::size_t m, std::size_t n, std::size_t r, float u, float scale,
               float* y);
/// The same for the rows `range` only.
void add_outer_rows(const float* p, const float* q, std::size_t m, std::size_t n, Range range, std::size_t r, float u,
                    float scale, float* y);

}  // namespace parley::compression::kernels
