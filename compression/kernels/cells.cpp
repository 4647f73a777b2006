#include "compression/kernels/cells.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/cells.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include <cstring>

#include "compression/kernels/philox-inl.h"
#include "compression/kernels/philox.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

constexpr float kLastPosition = (1 << kPositionBits) - 1;

template <class D, class V>
HWY_INLINE V t_of(D d, V x, const CellGrid& grid) {
  return hn::Max(hn::Sub(hn::Mul(x, hn::Set(d, grid.prescale)), hn::Set(d, grid.origin)), hn::Zero(d));
}

template <class D, class V>
HWY_INLINE auto position_of(D d, V t, const CellGrid& grid) {
  const hn::RebindToSigned<D> di;
  return hn::ConvertTo(di, hn::Min(hn::Mul(t, hn::Set(d, grid.inverse)), hn::Set(d, kLastPosition)));
}

void to_positions(const float* x, std::size_t n, const CellGrid& grid, std::int32_t* positions) {
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    prefetch_ahead(x, i, hn::MaxLanes(d));
    hn::StoreU(position_of(d, t_of(d, hn::LoadU(d, x + i), grid), grid), di, positions + i);
  });
}

HWY_INLINE void quantise_group(const float* x, const CellGrid& grid, const CellLevels& cells, std::int32_t offset,
                               const PhiloxKeys& key, std::uint32_t first_block, std::int16_t* levels) {
  const F32 d;
  const hn::RebindToSigned<F32> di;
  const hn::Rebind<std::int16_t, F32> d16;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<U32> words[4];
  for (std::size_t l = 0; l < kBlocksPerGroup; l += lanes) {
    rounding_words(key, first_block, l, words);
    for (std::size_t j = 0; j < 4; ++j) {
      const std::size_t at = kBlocksPerGroup * j + l;
      const auto t = t_of(d, hn::LoadU(d, x + at), grid);
      const auto position = position_of(d, t, grid);
      const auto cell = hn::ShiftRight<kPositionBits>(hn::Mul(position, hn::Set(di, grid.cells)));
      const auto level = hn::GatherIndex(di, cells.level, cell);
      const auto above = hn::Sub(t, hn::GatherIndex(d, cells.t, cell));
      const auto fraction = hn::Mul(above, hn::GatherIndex(d, cells.inverse, cell));
      // A comparison is -1 where it holds.
      const auto up = hn::BitCast(di, hn::VecFromMask(d, hn::Lt(uniform_of(words[j]), fraction)));
      hn::StoreU(hn::DemoteTo(d16, hn::Sub(hn::Sub(level, up), hn::Set(di, offset))), d16, levels + at);
    }
  }
}

void quantise_in_cells(const float* x, std::size_t n, const CellGrid& grid, const CellLevels& cells,
                       std::int32_t offset, const base::PhiloxInput& key, std::uint32_t first_block,
                       std::int16_t* levels) {
  const PhiloxKeys keys(key);
  std::size_t i = 0;
  for (; i + kGroup <= n; i += kGroup, first_block += kBlocksPerGroup)
    quantise_group(x + i, grid, cells, offset, keys, first_block, levels + i);
  if (i == n) return;
  float rest[kGroup];
  for (std::size_t j = 0; j < kGroup; ++j) rest[j] = x[std::min(i + j, n - 1)];  // only cells of coordinates are set
  quantise_group(rest, grid, cells, offset, keys, first_block, levels + i);
  std::memset(levels + n, 0, (i + kGroup - n) * sizeof *levels);
}

void add_looked_up(const std::int16_t* levels, std::size_t n, std::int32_t offset, const float* values, float scale,
                   float* y) {
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    const hn::Rebind<std::int16_t, decltype(d)> d16;
    prefetch_ahead(y, i, hn::MaxLanes(d));
    const auto index = hn::Add(hn::PromoteTo(di, hn::LoadU(d16, levels + i)), hn::Set(di, offset));
    const auto value = hn::GatherIndex(d, values, index);
    hn::StoreU(hn::Add(hn::LoadU(d, y + i), hn::Mul(hn::Set(d, scale), value)), d, y + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(to_positions);
HWY_EXPORT(quantise_in_cells);
HWY_EXPORT(add_looked_up);

void to_positions(const float* x, std::size_t n, const CellGrid& grid, std::int32_t* positions) {
  HWY_DYNAMIC_DISPATCH(to_positions)(x, n, grid, positions);
}

void quantise_in_cells(const float* x, std::size_t n, const CellGrid& grid, const CellLevels& cells,
                       std::int32_t offset, const base::PhiloxInput& key, std::uint32_t first_block,
                       std::int16_t* levels) {
  HWY_DYNAMIC_DISPATCH(quantise_in_cells)(x, n, grid, cells, offset, key, first_block, levels);
}

void add_looked_up(const std::int16_t* levels, std::size_t n, std::int32_t offset, const float* values, float scale,
                   float* y) {
  HWY_DYNAMIC_DISPATCH(add_looked_up)(levels, n, offset, values, scale, y);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
