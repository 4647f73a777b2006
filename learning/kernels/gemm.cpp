// One core computes C = A B with vectors along the columns of C: a tile of C stays in registers while the depth k is
// walked in ascending order, elements of A are broadcast, and rows of B come from a packed panel in the first-level
// cache. The three public products are this core with other strides.
//
// Every element of C is one chain c = fma(a_ik, b_kj, c) over ascending k, so blocking, tile shape and vector width
// change no bit: all CPUs with fused multiply-add (x86-64 with AVX2 or AVX-512, arm64) agree.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learning/kernels/gemm.cpp"
// Tiles are arrays of vectors, which the scalable instruction sets cannot have; NEON serves those machines.
// What AVX3_DL adds to AVX3 is of no use here.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_AVX3_DL)
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef PARLEY_LEARNING_GEMM_ONCE
#define PARLEY_LEARNING_GEMM_ONCE
#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "learning/model.h"

namespace parley::learning {
namespace {

/// C (rows x columns) = or += A B with depth summands. Element (i, k) of A is a[i * a_row + k * a_depth], and so on.
struct Product {
  std::size_t rows, columns, depth;
  const float* a;
  std::size_t a_row, a_depth;
  const float* b;
  std::size_t b_depth, b_column;
  float* c;
  std::size_t c_row, c_column;
  Write write;
};

}  // namespace
}  // namespace parley::learning
#endif

HWY_BEFORE_NAMESPACE();
namespace parley::learning::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr std::size_t kLanes = HWY_MAX_BYTES / sizeof(float);
// As many accumulators as leave registers for a row of the panel and the broadcast element.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3
constexpr std::size_t kTileRows = 4;
#else
constexpr std::size_t kTileRows = 8;
#endif
constexpr std::size_t kTileVectors = 3;
constexpr std::size_t kPanelColumns = kTileVectors * kLanes;
/// A panel stays in a first-level cache of 32 KiB, so a narrow one may be deep.
constexpr std::size_t kPanelFloats = 8192;
/// Rows of C that are finished before the next ones are begun, so that C is written in order.
constexpr std::size_t kBlockRows = 64;

/// A part of C that is a whole tile, row-major with c_row between rows.
template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void Tile(std::size_t depth, const float* HWY_RESTRICT a, std::size_t a_row, std::size_t a_depth,
                     const float* HWY_RESTRICT panel, std::size_t panel_stride, float* HWY_RESTRICT c,
                     std::size_t c_row, bool add) {
  const Tag tag;
  Vector sum[kRows][kVectors];
  for (std::size_t r = 0; r < kRows; ++r)
    for (std::size_t v = 0; v < kVectors; ++v)
      sum[r][v] = add ? hn::LoadU(tag, c + r * c_row + v * kLanes) : hn::Zero(tag);
  if (!add) {  // the lines come while the products are formed
    for (std::size_t r = 0; r < kRows; ++r)
      for (std::size_t v = 0; v < kVectors; ++v) hwy::Prefetch(c + r * c_row + v * kLanes);
  }
  for (std::size_t k = 0; k < depth; ++k) {
    Vector b[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) b[v] = hn::LoadU(tag, panel + k * panel_stride + v * kLanes);
    for (std::size_t r = 0; r < kRows; ++r) {
      const Vector element = hn::Set(tag, a[r * a_row + k * a_depth]);
      for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(element, b[v], sum[r][v]);
    }
  }
  for (std::size_t r = 0; r < kRows; ++r)
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(sum[r][v], tag, c + r * c_row + v * kLanes);
}

using TileFunction = void (*)(std::size_t, const float*, std::size_t, std::size_t, const float*, std::size_t, float*,
                              std::size_t, bool);

template <std::size_t kVectors, std::size_t... kRows>
constexpr std::array<TileFunction, sizeof...(kRows)> TilesOf(std::index_sequence<kRows...>) {
  return {&Tile<kRows + 1, kVectors>...};
}
constexpr std::array<TileFunction, kTileRows> kTiles[kTileVectors] = {
    TilesOf<1>(std::make_index_sequence<kTileRows>()), TilesOf<2>(std::make_index_sequence<kTileRows>()),
    TilesOf<3>(std::make_index_sequence<kTileRows>())};

/// Writes the transpose of the 4 x 4 block at `from` to `to`.
HWY_INLINE void Transpose4(const float* from, std::size_t from_stride, float* to, std::size_t to_stride) {
  const hn::FixedTag<float, 4> tag;
  const auto a = hn::LoadU(tag, from), b = hn::LoadU(tag, from + from_stride);
  const auto c = hn::LoadU(tag, from + 2 * from_stride), d = hn::LoadU(tag, from + 3 * from_stride);
  const auto ac_low = hn::InterleaveLower(tag, a, c), ac_high = hn::InterleaveUpper(tag, a, c);
  const auto bd_low = hn::InterleaveLower(tag, b, d), bd_high = hn::InterleaveUpper(tag, b, d);
  hn::StoreU(hn::InterleaveLower(tag, ac_low, bd_low), tag, to);
  hn::StoreU(hn::InterleaveUpper(tag, ac_low, bd_low), tag, to + to_stride);
  hn::StoreU(hn::InterleaveLower(tag, ac_high, bd_high), tag, to + 2 * to_stride);
  hn::StoreU(hn::InterleaveUpper(tag, ac_high, bd_high), tag, to + 3 * to_stride);
}

/// panel = the transpose of the columns x depth block at b.
void PackTransposed(const float* b, std::size_t b_stride, std::size_t depth, std::size_t columns,
                    std::size_t panel_stride, float* HWY_RESTRICT panel) {
  const std::size_t whole_columns = columns / 4 * 4, whole_depth = depth / 4 * 4;
  for (std::size_t j = 0; j < whole_columns; j += 4) {
    const float* from = b + j * b_stride;
    for (std::size_t k = 0; k < whole_depth; k += 4)
      Transpose4(from + k, b_stride, panel + k * panel_stride + j, panel_stride);
    for (std::size_t k = whole_depth; k < depth; ++k)
      for (std::size_t c = 0; c < 4; ++c) panel[k * panel_stride + j + c] = from[c * b_stride + k];
  }
  for (std::size_t j = whole_columns; j < columns; ++j)
    for (std::size_t k = 0; k < depth; ++k) panel[k * panel_stride + j] = b[j * b_stride + k];
  for (std::size_t k = 0; k < depth && columns < panel_stride; ++k)
    std::fill(panel + k * panel_stride + columns, panel + (k + 1) * panel_stride, 0.0f);
}

/// Copies rows k0 .. of B, columns j0 .. into a panel of whole vectors, zeros after the last column.
void Pack(const Product& p, std::size_t k0, std::size_t depth, std::size_t j0, std::size_t columns,
          std::size_t panel_stride, float* HWY_RESTRICT panel) {
  const float* b = p.b + k0 * p.b_depth + j0 * p.b_column;
  if (p.b_column != 1) return PackTransposed(b, p.b_column, depth, columns, panel_stride, panel);
  for (std::size_t k = 0; k < depth; ++k) {
    float* row = panel + k * panel_stride;
    std::copy_n(b + k * p.b_depth, columns, row);
    std::fill(row + columns, row + panel_stride, 0.0f);
  }
}

/// A tile that is not whole vectors wide or lies across the rows of C: through a buffer.
void EdgeTile(const Product& p, std::size_t i, std::size_t rows, std::size_t j, std::size_t columns, TileFunction tile,
              std::size_t depth, const float* a, const float* panel, std::size_t panel_stride, bool add) {
  HWY_ALIGN float buffer[kTileRows * kPanelColumns];
  float* c = p.c + i * p.c_row + j * p.c_column;
  if (add) {
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t v = 0; v < columns; ++v) buffer[r * panel_stride + v] = c[r * p.c_row + v * p.c_column];
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t v = columns; v < panel_stride; ++v) buffer[r * panel_stride + v] = 0.0f;
  }
  tile(depth, a, p.a_row, p.a_depth, panel, panel_stride, buffer, panel_stride, add);
  if (p.c_column == 1) {
    for (std::size_t r = 0; r < rows; ++r) std::copy_n(buffer + r * panel_stride, columns, c + r * p.c_row);
  } else {
    for (std::size_t v = 0; v < columns; ++v)
      for (std::size_t r = 0; r < rows; ++r) c[r * p.c_row + v * p.c_column] = buffer[r * panel_stride + v];
  }
}

/// Rows i0 .. i1 of C, from depth k0 on, in columns that share a panel.
void MultiplyPanel(const Product& p, std::size_t i0, std::size_t i1, std::size_t k0, std::size_t depth, std::size_t j,
                   float* panel) {
  const bool add = k0 > 0 || p.write == Write::add;
  const std::size_t columns = std::min(kPanelColumns, p.columns - j);
  const std::size_t vectors = (columns + kLanes - 1) / kLanes;
  const bool whole = columns == vectors * kLanes;
  const float* rows_of_b = panel;
  std::size_t stride = vectors * kLanes;
  if (whole && p.b_column == 1 && p.rows <= kTileRows) {  // read once: copying would not pay
    rows_of_b = p.b + k0 * p.b_depth + j;
    stride = p.b_depth;
  } else {
    Pack(p, k0, depth, j, columns, stride, panel);
  }
  const std::size_t tiles = (i1 - i0 + kTileRows - 1) / kTileRows;
  const std::size_t tile_rows = (i1 - i0 + tiles - 1) / tiles;  // 10 rows are 5 and 5, not 8 and 2
  for (std::size_t i = i0; i < i1; i += tile_rows) {
    const std::size_t rows = std::min(tile_rows, i1 - i);
    const float* a = p.a + i * p.a_row + k0 * p.a_depth;
    const TileFunction tile = kTiles[vectors - 1][rows - 1];
    if (whole && p.c_column == 1) {
      tile(depth, a, p.a_row, p.a_depth, rows_of_b, stride, p.c + i * p.c_row + j, p.c_row, add);
    } else {
      EdgeTile(p, i, rows, j, columns, tile, depth, a, rows_of_b, stride, add);
    }
  }
}

void Multiply(const Product& p) {
  HWY_ALIGN float panel[kPanelFloats];
  const std::size_t widest = std::min(kPanelColumns, (p.columns + kLanes - 1) / kLanes * kLanes);
  const std::size_t panel_depth = kPanelFloats / widest;
  const std::size_t block = p.b_column == 1 ? kBlockRows : p.rows;
  for (std::size_t i = 0; i < p.rows; i += block) {
    for (std::size_t k = 0; k < p.depth; k += panel_depth) {
      const std::size_t depth = std::min(panel_depth, p.depth - k);
      for (std::size_t j = 0; j < p.columns; j += kPanelColumns)
        MultiplyPanel(p, i, std::min(i + block, p.rows), k, depth, j, panel);
    }
  }
}

}  // namespace
}  // namespace parley::learning::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "base/error.h"
#include "learning/kernels/gemm.h"

namespace parley::learning {
namespace {

HWY_EXPORT(Multiply);

void run(const Product& product) {
  HWY_DYNAMIC_DISPATCH(Multiply)(product);
}

}  // namespace

void multiply(ConstMatrix a, ConstMatrix b, Write write, Matrix c) {
  PARLEY_CHECK(a.rows == c.rows && b.columns == c.columns && a.columns == b.rows, a.rows, a.columns, b.rows, b.columns);
  run({c.rows, c.columns, a.columns, a.data, a.stride, 1, b.data, b.stride, 1, c.data, c.stride, 1, write});
}

void multiply_transposed_left(ConstMatrix a, ConstMatrix b, Write write, Matrix c) {
  PARLEY_CHECK(a.columns == c.rows && b.columns == c.columns && a.rows == b.rows, a.rows, a.columns, b.rows, b.columns);
  run({c.rows, c.columns, a.rows, a.data, 1, a.stride, b.data, b.stride, 1, c.data, c.stride, 1, write});
}

void multiply_transposed_right(ConstMatrix a, ConstMatrix b, Write write, Matrix c) {
  PARLEY_CHECK(a.rows == c.rows && b.rows == c.columns && a.columns == b.columns, a.rows, a.columns, b.rows, b.columns);
  // One operand has to be transposed into panels; the smaller one costs less, and the larger one is then read in order.
  if (b.rows <= a.rows) {
    run({c.rows, c.columns, a.columns, a.data, a.stride, 1, b.data, 1, b.stride, c.data, c.stride, 1, write});
    return;
  }
  run({c.columns, c.rows, a.columns, b.data, b.stride, 1, a.data, 1, a.stride, c.data, 1, c.stride, write});
}

}  // namespace parley::learning
#endif  // HWY_ONCE
