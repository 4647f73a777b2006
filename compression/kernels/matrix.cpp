#include "compression/kernels/matrix.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/matrix.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include <cstring>
#include <limits>

#include "compression/kernels/vector_loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

constexpr std::size_t kPartialSums = 16;

/// The products of one row with kVectors vectors.
template <std::size_t kVectors>
HWY_INLINE void multiply_row(const float* row, std::size_t n, float u, const float* q, float* p, std::size_t stride) {
  const F32 d;
  constexpr std::size_t kLanes = hn::MaxLanes(d), kParts = kPartialSums / kLanes;
  hn::Vec<F32> sums[kVectors][kParts];
  for (auto& of_vector : sums)
    for (auto& sum : of_vector) sum = hn::Zero(d);
  const auto unit = hn::Set(d, u);
  std::size_t j = 0;
  for (; j + kPartialSums <= n; j += kPartialSums) {
    prefetch_ahead(row, j, kPartialSums);
    for (std::size_t part = 0; part < kParts; ++part) {
      const std::size_t at = j + part * kLanes;
      const auto value = hn::Mul(hn::LoadU(d, row + at), unit);
      for (std::size_t k = 0; k < kVectors; ++k)
        sums[k][part] = hn::Add(sums[k][part], hn::Mul(value, hn::LoadU(d, q + k * n + at)));
    }
  }
  for (std::size_t k = 0; k < kVectors; ++k) {
    float partial[kPartialSums];
    for (std::size_t part = 0; part < kParts; ++part) hn::StoreU(sums[k][part], d, partial + part * kLanes);
    for (std::size_t i = j; i < n; ++i) partial[i - j] += (row[i] * u) * q[k * n + i];
    for (std::size_t half = kPartialSums / 2; half > 0; half /= 2)
      for (std::size_t i = 0; i < half; ++i) partial[i] += partial[i + half];
    p[k * stride] = partial[0];
  }
}

void multiply_rows(const float* matrix, std::size_t m, std::size_t n, Range range, float u, const float* q,
                   std::size_t r, float* p) {
  for (std::size_t i = range.first; i < range.end; ++i) {
    const float* row = matrix + i * n;
    std::size_t k = 0;
    for (; k + 4 <= r; k += 4) multiply_row<4>(row, n, u, q + k * n, p + k * m + i, m);
    if (k + 2 <= r) {
      multiply_row<2>(row, n, u, q + k * n, p + k * m + i, m);
      k += 2;
    }
    if (k < r) multiply_row<1>(row, n, u, q + k * n, p + k * m + i, m);
  }
}

/// Some columns of the rows from `rows` on, which are `stride` apart.
struct Columns {
  const float* rows;
  std::size_t count, stride;
};

/// Asks for the line that a loop over several rows at once needs some rows later, a page ahead or more.
template <std::size_t kRows>
HWY_INLINE void prefetch_rows_ahead(const Columns& columns, const float* at, std::size_t j, std::size_t lanes) {
  constexpr std::size_t kPage = 1024;  // floats
  const std::size_t rows = kRows * (1 + kPage / (kRows * columns.count));
  if (lanes * sizeof(float) >= 64 || j % 16 < lanes)
    hwy::Prefetch(
        reinterpret_cast<const char*>(reinterpret_cast<std::uintptr_t>(at) + rows * columns.stride * sizeof(float)));
}

/// Adds kRows rows, so that what has been summed is read and written once for all of them.
template <std::size_t kRows>
HWY_INLINE void add_rows(const Columns& columns, float u, const float* p, std::size_t m, std::size_t r, float* q) {
  for_each_vector(columns.count, [&](auto d, std::size_t j) HWY_ATTR {
    const auto unit = hn::Set(d, u);
    hn::Vec<decltype(d)> values[kRows];
    for (std::size_t row = 0; row < kRows; ++row) {
      const float* at = columns.rows + row * columns.stride + j;
      prefetch_rows_ahead<kRows>(columns, at, j, hn::MaxLanes(d));
      values[row] = hn::Mul(hn::LoadU(d, at), unit);
    }
    for (std::size_t k = 0; k < r; ++k) {
      auto sum = hn::LoadU(d, q + k * columns.stride + j);
      for (std::size_t row = 0; row < kRows; ++row)
        sum = hn::Add(sum, hn::Mul(values[row], hn::Set(d, p[k * m + row])));
      hn::StoreU(sum, d, q + k * columns.stride + j);
    }
  });
}

void multiply_columns(const float* matrix, std::size_t m, std::size_t n, Range range, float u, const float* p,
                      std::size_t r, float* q) {
  const std::size_t count = range.end - range.first;
  for (std::size_t k = 0; k < r; ++k) std::memset(q + k * n + range.first, 0, count * sizeof(float));
  std::size_t i = 0;
  for (; i + 4 <= m; i += 4) add_rows<4>({matrix + i * n + range.first, count, n}, u, p + i, m, r, q + range.first);
  for (; i < m; ++i) add_rows<1>({matrix + i * n + range.first, count, n}, u, p + i, m, r, q + range.first);
}

void add_outer_rows(const float* p, const float* q, std::size_t m, std::size_t n, Range range, std::size_t r, float u,
                    float scale, float* y) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  for (std::size_t i = range.first; i < range.end; ++i) {
    float* to = y + i * n;
    for_each_vector(n, [&](auto d, std::size_t j) HWY_ATTR {
      prefetch_ahead(to, j, hn::MaxLanes(d));
      auto sum = hn::Mul(hn::Set(d, p[i]), hn::LoadU(d, q + j));
      for (std::size_t k = 1; k < r; ++k)
        sum = hn::Add(sum, hn::Mul(hn::Set(d, p[k * m + i]), hn::LoadU(d, q + k * n + j)));
      const auto v = hn::Max(hn::Min(hn::Mul(sum, hn::Set(d, u)), hn::Set(d, kLargest)), hn::Set(d, -kLargest));
      hn::StoreU(hn::Add(hn::LoadU(d, to + j), hn::Mul(hn::Set(d, scale), v)), d, to + j);
    });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(multiply_rows);
HWY_EXPORT(multiply_columns);
HWY_EXPORT(add_outer_rows);

void multiply_rows(const float* matrix, std::size_t m, std::size_t n, Range range, float u, const float* q,
                   std::size_t r, float* p) {
  HWY_DYNAMIC_DISPATCH(multiply_rows)(matrix, m, n, range, u, q, r, p);
}

void multiply(const float* matrix, std::size_t m, std::size_t n, float u, const float* q, std::size_t r, float* p) {
  multiply_rows(matrix, m, n, {0, m}, u, q, r, p);
}

void multiply_columns(const float* matrix, std::size_t m, std::size_t n, Range range, float u, const float* p,
                      std::size_t r, float* q) {
  HWY_DYNAMIC_DISPATCH(multiply_columns)(matrix, m, n, range, u, p, r, q);
}

void multiply_transposed(const float* matrix, std::size_t m, std::size_t n, float u, const float* p, std::size_t r,
                         float* q) {
  multiply_columns(matrix, m, n, {0, n}, u, p, r, q);
}

void add_outer_rows(const float* p, const float* q, std::size_t m, std::size_t n, Range range, std::size_t r, float u,
                    float scale, float* y) {
  HWY_DYNAMIC_DISPATCH(add_outer_rows)(p, q, m, n, range, r, u, scale, y);
}

void add_outer(const float* p, const float* q, std::size_t m, std::size_t n, std::size_t r, float u, float scale,
               float* y) {
  add_outer_rows(p, q, m, n, {0, m}, r, u, scale, y);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
