// Matrix products in single precision, the bulk of all training time.
#pragma once

#include <cstddef>

#include "learning/model.h"

namespace parley::learning {

/// A row-major matrix in somebody else's memory; row r starts at data + r * stride.
template <class T>
struct MatrixOf {
  T* data;
  std::size_t rows, columns, stride;

  MatrixOf(T* values, std::size_t row_count, std::size_t column_count, std::size_t row_stride)
      : data(values), rows(row_count), columns(column_count), stride(row_stride) {}
  MatrixOf(T* values, std::size_t row_count, std::size_t column_count)
      : MatrixOf(values, row_count, column_count, column_count) {}
};
using Matrix = MatrixOf<float>;
using ConstMatrix = MatrixOf<const float>;

// Each checks the shapes, runs on the calling thread and does not allocate. No operand overlaps C.

/// C = A B, or C += A B.
void multiply(ConstMatrix a, ConstMatrix b, Write write, Matrix c);
/// C = A^T B, or C += A^T B.
void multiply_transposed_left(ConstMatrix a, ConstMatrix b, Write write, Matrix c);
/// C = A B^T, or C += A B^T.
void multiply_transposed_right(ConstMatrix a, ConstMatrix b, Write write, Matrix c);

}  // namespace parley::learning
