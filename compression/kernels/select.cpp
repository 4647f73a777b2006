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

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(collect_at_least);

Collected collect_at_least(const float* x, std::size_t n, std::uint32_t least, std::uint32_t first,
                           std::uint32_t* indices, float* values) {
  return HWY_DYNAMIC_DISPATCH(collect_at_least)(x, n, least, first, indices, values);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
