#include "compression/kernels/affine.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/affine.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include <cstring>

#include "compression/kernels/groups-inl.h"
#include "compression/kernels/philox-inl.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/scan.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

Range range_of(const float* x, std::size_t n) {
  const F32 d;
  const std::size_t lanes = hn::Lanes(d);
  auto low = hn::Set(d, x[0]), high = low;
  auto low2 = low, high2 = low;
  LargestMagnitude largest;
  std::size_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    for (std::size_t j = 0; j < 2 * lanes; j += lanes) prefetch_ahead(x, i + j, lanes);
    const auto v = hn::LoadU(d, x + i), w = hn::LoadU(d, x + i + lanes);
    low = hn::Min(low, v), high = hn::Max(high, v);
    low2 = hn::Min(low2, w), high2 = hn::Max(high2, w);
    largest.see(d, magnitude_bits(d, v));
    largest.see(d, magnitude_bits(d, w));
  }
  Range range{.low = hn::GetLane(hn::MinOfLanes(d, hn::Min(low, low2))),
              .high = hn::GetLane(hn::MaxOfLanes(d, hn::Max(high, high2))),
              .finite = false};
  for (const hn::CappedTag<float, 1> one; i < n; ++i) {
    largest.see(one, magnitude_bits(one, hn::LoadU(one, x + i)));
    range.low = std::min(range.low, x[i]);
    range.high = std::max(range.high, x[i]);
  }
  // Which of two zeros is the smaller one depends on the target.
  range.low += 0.0f;
  range.high += 0.0f;
  range.finite = largest.bits() < kInfinityBits;
  return range;
}

HWY_INLINE hn::Vec<hn::RebindToSigned<U32>> quantise_affine_vector(hn::Vec<F32> x, hn::Vec<F32> u,
                                                                   const AffineGrid& grid) {
  const F32 d;
  const hn::RebindToSigned<U32> di;
  const auto above = hn::Sub(hn::Mul(x, hn::Set(d, grid.prescale)), hn::Set(d, grid.origin));
  const auto scaled = hn::Mul(hn::Max(above, hn::Zero(d)), hn::Set(d, grid.inverse));
  const auto r = hn::Min(scaled, hn::Set(d, grid.top));
  return hn::Sub(small_integers(rounded_at(r, u)), hn::Set(di, grid.offset));
}

HWY_INLINE void round_affine_group(const float* x, const AffineGrid& grid, std::int16_t* levels) {
  const F32 d;
  const hn::Rebind<std::int16_t, F32> d16;
  for (std::size_t i = 0; i < kGroup; i += hn::Lanes(d)) {
    prefetch_ahead(x, i, hn::Lanes(d));
    const auto level = quantise_affine_vector(hn::LoadU(d, x + i), hn::Set(d, 0.5f), grid);
    hn::StoreU(hn::DemoteTo(d16, level), d16, levels + i);
  }
}

void quantise_affine(const float* x, std::size_t n, const AffineGrid& grid, const base::PhiloxInput& key,
                     std::uint32_t first_block, std::int16_t* levels) {
  draw_levels(x, n, key, first_block, levels, [&grid](hn::Vec<F32> v, hn::Vec<U32> word) HWY_ATTR {
    return quantise_affine_vector(v, uniform_of(word), grid);
  });
  const std::size_t end = (n + kGroup - 1) / kGroup * kGroup;
  std::memset(levels + n, 0, (end - n) * sizeof *levels);
}

void round_affine(const float* x, std::size_t n, const AffineGrid& grid, std::int16_t* levels) {
  std::size_t i = 0;
  for (; i + kGroup <= n; i += kGroup) round_affine_group(x + i, grid, levels + i);
  if (i == n) return;
  float rest[kGroup] = {};
  std::memcpy(rest, x + i, (n - i) * sizeof(float));
  round_affine_group(rest, grid, levels + i);
  std::memset(levels + n, 0, (i + kGroup - n) * sizeof *levels);
}

void add_affine(const std::int16_t* levels, std::size_t n, float base, float unit, float scale, float* y) {
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    const hn::Rebind<std::int16_t, decltype(d)> d16;
    prefetch_ahead(y, i, hn::MaxLanes(d));
    const auto level = hn::PromoteTo(di, hn::LoadU(d16, levels + i));
    const auto odd = hn::ConvertTo(d, hn::Add(hn::Add(level, level), hn::Set(di, 1)));
    const auto value = hn::Add(hn::Set(d, base), hn::Mul(hn::Set(d, unit), odd));
    hn::StoreU(hn::Add(hn::LoadU(d, y + i), hn::Mul(hn::Set(d, scale), value)), d, y + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(range_of);
HWY_EXPORT(quantise_affine);
HWY_EXPORT(round_affine);
HWY_EXPORT(add_affine);

Range range_of(const float* x, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(range_of)(x, n);
}

void quantise_affine(const float* x, std::size_t n, const AffineGrid& grid, const base::PhiloxInput& key,
                     std::uint32_t first_block, std::int16_t* levels) {
  HWY_DYNAMIC_DISPATCH(quantise_affine)(x, n, grid, key, first_block, levels);
}

void round_affine(const float* x, std::size_t n, const AffineGrid& grid, std::int16_t* levels) {
  HWY_DYNAMIC_DISPATCH(round_affine)(x, n, grid, levels);
}

void add_affine(const std::int16_t* levels, std::size_t n, float base, float unit, float scale, float* y) {
  HWY_DYNAMIC_DISPATCH(add_affine)(levels, n, base, unit, scale, y);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
