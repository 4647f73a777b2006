#include "compression/kernels/rounding.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/rounding.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include <cstring>

#include "compression/kernels/philox-inl.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/scan-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

using I32 = hn::RebindToSigned<F32>;

/// magnitude, or -magnitude where x is negative.
HWY_INLINE hn::Vec<I32> with_sign_of(hn::Vec<F32> x, hn::Vec<I32> magnitude) {
  const auto sign = hn::BroadcastSignBit(hn::BitCast(I32(), x));
  return hn::Sub(hn::Xor(magnitude, sign), sign);
}

/// Calls round(x, at) for the vectors of whole groups and of the rest, filled up with zeros, and stores what it
/// returns.
template <class Round>
HWY_INLINE void round_groups(const float* x, std::size_t n, std::int16_t* levels, Round&& round) {
  const F32 d;
  const hn::Rebind<std::int16_t, F32> d16;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + kGroup <= n; i += kGroup) {
    for (std::size_t at = i; at < i + kGroup; at += lanes) {
      prefetch_ahead(x, at, lanes);
      hn::StoreU(hn::DemoteTo(d16, round(hn::LoadU(d, x + at))), d16, levels + at);
    }
  }
  if (i == n) return;
  float rest[kGroup] = {};
  std::memcpy(rest, x + i, (n - i) * sizeof(float));
  for (std::size_t at = 0; at < kGroup; at += lanes)
    hn::StoreU(hn::DemoteTo(d16, round(hn::LoadU(d, rest + at))), d16, levels + i + at);
}

void round_to_nearest(const float* x, std::size_t n, const LevelGrid& grid, std::int16_t* levels) {
  round_groups(x, n, levels, [&](auto v) HWY_ATTR {
    const F32 d;
    const auto scaled = hn::Mul(hn::Mul(hn::Abs(v), hn::Set(d, grid.prescale)), hn::Set(d, grid.inverse));
    return with_sign_of(v, hn::NearestInt(hn::Min(scaled, hn::Set(d, grid.top))));
  });
}

/// Magnitudes from here on are beyond the bounds of every grid.
constexpr float kBeyond = 32768;

HWY_INLINE hn::Vec<F32> in_units(hn::Vec<F32> x, const FixedGrid& grid) {
  const F32 d;
  return hn::Min(hn::Mul(hn::Abs(x), hn::Set(d, grid.per_unit)), hn::Set(d, kBeyond));
}

HWY_INLINE hn::Vec<I32> clamped(hn::Vec<I32> level, const FixedGrid& grid) {
  return hn::Clamp(level, hn::Set(I32(), grid.lowest), hn::Set(I32(), grid.highest));
}

std::uint32_t round_fixed(const float* x, std::size_t n, const FixedGrid& grid, std::int16_t* levels) {
  WatchLargest<F32> largest;
  round_groups(x, n, levels, [&](auto v) HWY_ATTR {
    const F32 d;
    const I32 di;
    largest.see(d, v);
    const auto r = in_units(v, grid);
    const auto whole = hn::Floor(r), rest = hn::Sub(r, whole);
    // A tie goes down: towards zero above it, away from it below, where what is at least 1/2 exceeds the float before.
    const auto half = hn::Add(hn::Set(di, 0x3F000000), hn::BroadcastSignBit(hn::BitCast(di, v)));
    const auto up = hn::IfThenElseZero(hn::Gt(rest, hn::BitCast(d, half)), hn::Set(d, 1.0f));
    return clamped(small_integers(hn::CopySignToAbs(hn::Add(whole, up), v)), grid);
  });
  return largest.bits();
}

/// The levels of kGroup coordinates.
HWY_INLINE void draw_group(const float* x, const FixedGrid& grid, const PhiloxKeys& key, std::uint32_t first_block,
                           std::int16_t* levels, WatchLargest<F32>& largest) {
  const F32 d;
  const hn::Rebind<std::int16_t, F32> d16;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<U32> words[4];
  for (std::size_t l = 0; l < kBlocksPerGroup; l += lanes) {
    rounding_words(key, first_block, l, words);
    for (std::size_t j = 0; j < 4; ++j) {
      const std::size_t at = kBlocksPerGroup * j + l;
      prefetch_ahead(x, at, lanes);
      const auto v = hn::LoadU(d, x + at);
      largest.see(d, v);
      // Away from zero with the probability of the rest: the same as up with that of the rest above the level below.
      const auto magnitude = rounded_at(in_units(v, grid), uniform_of(words[j]));
      const auto level = clamped(small_integers(hn::CopySignToAbs(magnitude, v)), grid);
      hn::StoreU(hn::DemoteTo(d16, level), d16, levels + at);
    }
  }
}

std::uint32_t draw_fixed(const float* x, std::size_t n, const FixedGrid& grid, const base::PhiloxInput& key,
                         std::uint32_t first_block, std::int16_t* levels) {
  const PhiloxKeys keys(key);
  WatchLargest<F32> largest;
  std::size_t i = 0;
  for (; i + kGroup <= n; i += kGroup, first_block += kBlocksPerGroup)
    draw_group(x + i, grid, keys, first_block, levels + i, largest);
  if (i < n) {
    float rest[kGroup] = {};
    std::memcpy(rest, x + i, (n - i) * sizeof(float));
    draw_group(rest, grid, keys, first_block, levels + i, largest);
  }
  return largest.bits();
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(round_to_nearest);
HWY_EXPORT(round_fixed);
HWY_EXPORT(draw_fixed);

void round_to_nearest(const float* x, std::size_t n, const LevelGrid& grid, std::int16_t* levels) {
  HWY_DYNAMIC_DISPATCH(round_to_nearest)(x, n, grid, levels);
}

std::uint32_t round_fixed(const float* x, std::size_t n, const FixedGrid& grid, std::int16_t* levels) {
  return HWY_DYNAMIC_DISPATCH(round_fixed)(x, n, grid, levels);
}

std::uint32_t draw_fixed(const float* x, std::size_t n, const FixedGrid& grid, const base::PhiloxInput& key,
                         std::uint32_t first_block, std::int16_t* levels) {
  return HWY_DYNAMIC_DISPATCH(draw_fixed)(x, n, grid, key, first_block, levels);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
