#include "compression/kernels/select.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/select.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include <algorithm>

#include "compression/kernels/vector_loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

Collected collect_at_least(const float* x, std::size_t n, std::uint32_t least, std::uint32_t first,
                           std::uint32_t* indices, float* values) {
  const auto below = static_cast<std::int32_t>(least - 1);
  LargestMagnitude largest;
  std::size_t count = 0;
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    const hn::RebindToUnsigned<decltype(d)> du;
    prefetch_ahead(x, i, hn::MaxLanes(d));
    const auto v = hn::LoadU(d, x + i);
    const auto magnitude = magnitude_bits(d, v);
    largest.see(d, magnitude);
    const auto wanted = hn::Gt(magnitude, hn::Set(di, below));
    if (hn::AllFalse(di, wanted)) return;
    const auto index = hn::Iota(du, first + static_cast<std::uint32_t>(i));
    hn::CompressStore(index, hn::RebindMask(du, wanted), du, indices + count);
    count += hn::CompressStore(v, hn::RebindMask(d, wanted), d, values + count);
  });
  return {count, largest.bits()};
}

/// How many of the magnitudes are not below `least`.
HWY_INLINE std::size_t count_at_least(const float* x, std::size_t n, std::uint32_t least) {
  const F32 d;
  const hn::RebindToSigned<F32> di;
  const std::size_t lanes = hn::Lanes(d);
  const auto below = hn::Set(di, static_cast<std::int32_t>(least - 1));
  auto counts = hn::Zero(di), more = counts;
  std::size_t i = 0;
  // A comparison is -1 where it holds.
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    counts = hn::Add(counts, hn::VecFromMask(di, hn::Gt(magnitude_bits(d, hn::LoadU(d, x + i)), below)));
    more = hn::Add(more, hn::VecFromMask(di, hn::Gt(magnitude_bits(d, hn::LoadU(d, x + i + lanes)), below)));
  }
  auto count = static_cast<std::size_t>(-hn::GetLane(hn::SumOfLanes(di, hn::Add(counts, more))));
  for (const hn::CappedTag<float, 1> one; i < n; ++i)
    count += hn::GetLane(magnitude_bits(one, hn::LoadU(one, x + i))) >= static_cast<std::int32_t>(least) ? 1 : 0;
  return count;
}

std::uint32_t split_magnitude(const float* x, std::size_t n, std::size_t k) {
  // Bit by bit, from the highest: the largest number that at least k magnitudes are not below.
  std::uint32_t found = 0;
  for (std::uint32_t bit = std::uint32_t{1} << 30; bit != 0; bit >>= 1) {
    const std::size_t count = count_at_least(x, n, found | bit);
    if (count < k) continue;
    found |= bit;
    if (count == k) break;
  }
  return found;
}

std::size_t draw_in_proportion(const float* x, std::size_t n, float certain, float per_unit, const std::uint32_t* words,
                               std::uint32_t first, std::uint32_t* indices, float* values) {
  std::size_t count = 0;
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    const hn::RebindToUnsigned<decltype(d)> du;
    const auto v = hn::LoadU(d, x + i), magnitude = hn::Abs(v);
    const auto limited = hn::Min(hn::Mul(magnitude, hn::Set(d, per_unit)), hn::Set(d, 0x1.FFFFFEp30f));
    const auto chance = hn::ConvertTo(di, limited);
    const auto draw = hn::BitCast(di, hn::ShiftRight<1>(hn::LoadU(du, words + i)));
    const auto drawn = hn::RebindMask(d, hn::Gt(chance, draw));
    const auto large = hn::AndNot(hn::Eq(v, hn::Zero(d)), hn::Ge(magnitude, hn::Set(d, certain)));
    const auto wanted = hn::Or(drawn, large);
    if (hn::AllFalse(d, wanted)) return;
    const auto index = hn::Iota(du, first + static_cast<std::uint32_t>(i));
    hn::CompressStore(index, hn::RebindMask(du, wanted), du, indices + count);
    count += hn::CompressStore(v, wanted, d, values + count);
  });
  return count;
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(collect_at_least);
HWY_EXPORT(split_magnitude);
HWY_EXPORT(draw_in_proportion);

Collected collect_at_least(const float* x, std::size_t n, std::uint32_t least, std::uint32_t first,
                           std::uint32_t* indices, float* values) {
  return HWY_DYNAMIC_DISPATCH(collect_at_least)(x, n, least, first, indices, values);
}

std::uint32_t split_magnitude(const float* x, std::size_t n, std::size_t k) {
  return HWY_DYNAMIC_DISPATCH(split_magnitude)(x, n, k);
}

std::size_t draw_in_proportion(const float* x, std::size_t n, float certain, float per_unit, const std::uint32_t* words,
                               std::uint32_t first, std::uint32_t* indices, float* values) {
  return HWY_DYNAMIC_DISPATCH(draw_in_proportion)(x, n, certain, per_unit, words, first, indices, values);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
