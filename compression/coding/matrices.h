// The matrices of a parameter layout, for operators that look at rows and columns.
#pragma once

#include <cstddef>
#include <vector>

#include "base/error.h"
#include "base/layout.h"

namespace parley::compression {

/// A tensor, row-major: m is its first axis and n the product of the others.
struct Matrix {
  std::size_t offset, m, n;
};

/// Every tensor of a layout as a matrix. A layout of no tensors, or of a single one with a single axis, has no shape to
/// offer: then d floats are a matrix of floor(sqrt d) rows and floor(d/rows) columns, and a rest of one row.
class Matrices {
 public:
  explicit Matrices(const base::ParameterLayout& layout);

  /// d of the layout; 0 if it has no shape to offer and any d will do.
  std::size_t size() const { return d_; }

  /// Calls body(matrix) for every matrix of a vector of d floats, in order. Checked: d is that of the layout.
  template <class Body>
  void for_each(std::size_t d, Body body) const {
    if (d_ != 0) {
      PARLEY_CHECK(d == d_, d, d_);
      for (const Matrix& matrix : matrices_) body(matrix);
    } else if (d > 0) {
      const std::size_t m = root(d), n = d / m;
      body(Matrix{0, m, n});
      if (m * n < d) body(Matrix{m * n, 1, d - m * n});
    }
  }

 private:
  static std::size_t root(std::size_t d);

  std::size_t d_ = 0;
  std::vector<Matrix> matrices_;
};

}  // namespace parley::compression
