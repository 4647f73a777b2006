#include "learning/kernels/gemm.h"

#include <cblas.h>

#include "base/error.h"

namespace parley::learning {
namespace {

void sgemm(CBLAS_TRANSPOSE transpose_a, CBLAS_TRANSPOSE transpose_b, std::size_t depth, ConstMatrix a, ConstMatrix b,
           Write write, Matrix c) {
  // Threads of the library's own would fight the daemon's workers and make sums depend on the number of cores.
  [[maybe_unused]] static const bool one_thread = (openblas_set_num_threads(1), true);
  const auto size = [](std::size_t n) { return static_cast<blasint>(n); };
  cblas_sgemm(CblasRowMajor, transpose_a, transpose_b, size(c.rows), size(c.columns), size(depth), 1.0f, a.data,
              size(a.stride), b.data, size(b.stride), write == Write::add ? 1.0f : 0.0f, c.data, size(c.stride));
}

}  // namespace

void multiply(ConstMatrix a, ConstMatrix b, Write write, Matrix c) {
  PARLEY_CHECK(a.rows == c.rows && b.columns == c.columns && a.columns == b.rows, a.rows, a.columns, b.rows, b.columns);
  sgemm(CblasNoTrans, CblasNoTrans, a.columns, a, b, write, c);
}

void multiply_transposed_left(ConstMatrix a, ConstMatrix b, Write write, Matrix c) {
  PARLEY_CHECK(a.columns == c.rows && b.columns == c.columns && a.rows == b.rows, a.rows, a.columns, b.rows, b.columns);
  sgemm(CblasTrans, CblasNoTrans, a.rows, a, b, write, c);
}

void multiply_transposed_right(ConstMatrix a, ConstMatrix b, Write write, Matrix c) {
  PARLEY_CHECK(a.rows == c.rows && b.rows == c.columns && a.columns == b.columns, a.rows, a.columns, b.rows, b.columns);
  sgemm(CblasNoTrans, CblasTrans, a.columns, a, b, write, c);
}

}  // namespace parley::learning
