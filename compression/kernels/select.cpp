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

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(collect_at_least);
HWY_EXPORT(split_magnitude);

Collected collect_at_least(const float* x, std::size_t n, std::uint32_t least, std::uint32_t first,
                           std::uint32_t* indices, float* values) {
  return HWY_DYNAMIC_DISPATCH(collect_at_least)(x, n, least, first, indices, values);
}

std::uint32_t split_magnitude(const float* x, std::size_t n, std::size_t k) {
  return HWY_DYNAMIC_DISPATCH(split_magnitude)(x, n, k);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
