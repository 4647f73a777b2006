#include "compression/coding/eigen.h"

#include <cmath>

namespace parley::compression {
namespace {

struct Rotation {
  double c, s;
};

/// The rotation that makes the element between p and q zero (Golub and Van Loan).
Rotation rotation(double pp, double pq, double qq) {
  const double tau = (qq - pp) / (2 * pq);
  const double t = (tau >= 0 ? 1 : -1) / (std::abs(tau) + std::sqrt(1 + tau * tau));
  const double c = 1 / std::sqrt(1 + t * t);
  return {c, t * c};
}

void rotate_rows(double* a, double* b, std::size_t order, const Rotation& r) {
  for (std::size_t i = 0; i < order; ++i) {
    const double before = a[i];
    a[i] = r.c * before - r.s * b[i];
    b[i] = r.s * before + r.c * b[i];
  }
}

}  // namespace

void diagonalise(std::vector<double>& matrix, std::size_t order, std::vector<double>& vectors) {
  constexpr int kMostRounds = 30;
  vectors.assign(order * order, 0.0);
  for (std::size_t i = 0; i < order; ++i) vectors[i * order + i] = 1;
  for (int round = 0; round < kMostRounds; ++round) {
    double off = 0, all = 0;
    for (std::size_t i = 0; i < order; ++i)
      for (std::size_t j = 0; j < order; ++j) {
        const double square = matrix[i * order + j] * matrix[i * order + j];
        all += square;
        off += i == j ? 0 : square;
      }
    if (off <= 0x1p-80 * all) return;
    for (std::size_t p = 0; p < order; ++p) {
      for (std::size_t q = p + 1; q < order; ++q) {
        const double pq = matrix[p * order + q];
        if (pq == 0) continue;
        const Rotation r = rotation(matrix[p * order + p], pq, matrix[q * order + q]);
        rotate_rows(&matrix[p * order], &matrix[q * order], order, r);
        for (std::size_t i = 0; i < order; ++i) {
          double& a = matrix[i * order + p];
          double& b = matrix[i * order + q];
          const double before = a;
          a = r.c * before - r.s * b;
          b = r.s * before + r.c * b;
        }
        rotate_rows(&vectors[p * order], &vectors[q * order], order, r);
      }
    }
  }
}

}  // namespace parley::compression
