#include "compression/kernels/floats.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/floats.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include "compression/kernels/vector_loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

template <bool kStream>
HWY_INLINE std::uint32_t copy_loop(const float* x, std::size_t n, std::size_t head, float* to) {
  LargestMagnitude largest;
  const auto copy = [&](auto d, std::size_t i) HWY_ATTR {
    prefetch_ahead(x, i, hn::MaxLanes(d));
    const auto v = hn::LoadU(d, x + i);
    largest.see(d, magnitude_bits(d, v));
    store_or_stream<kStream>(v, d, to + i);
  };
  for_each_vector(n, copy, head);
  return largest.bits();
}

std::uint32_t copy_f32(const float* x, std::size_t n, float* to, std::size_t whole) {
  const Streaming<float> streaming(to, std::max(n, whole));
  return streaming.worthwhile() ? copy_loop<true>(x, n, streaming.head(), to) : copy_loop<false>(x, n, 0, to);
}

void add_f32(const float* from, std::size_t n, float scale, float* y) {
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    // A multiplication and then an addition, never fused.
    hn::StoreU(hn::Add(hn::LoadU(d, y + i), hn::Mul(hn::Set(d, scale), hn::LoadU(d, from + i))), d, y + i);
  });
}

template <bool kStream>
HWY_INLINE std::uint32_t bf16_loop(const float* x, std::size_t n, std::size_t head, std::uint16_t* to) {
  LargestMagnitude largest;
  const auto round = [&](auto d, std::size_t i) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> ds;
    const hn::Rebind<std::uint16_t, decltype(d)> d16;
    prefetch_ahead(x, i, hn::MaxLanes(d));
    const auto v = hn::LoadU(d, x + i);
    const auto magnitude = magnitude_bits(d, v);
    largest.see(d, magnitude);
    const auto odd = hn::And(hn::ShiftRight<16>(magnitude), hn::Set(ds, 1));
    const auto rounded = hn::ShiftRight<16>(hn::Add(hn::Add(magnitude, hn::Set(ds, 0x7FFF)), odd));
    const auto sign = hn::And(hn::ShiftRight<16>(hn::BitCast(ds, v)), hn::Set(ds, 0x8000));
    const auto bits = hn::Or(hn::Min(rounded, hn::Set(ds, kLargestBf16)), sign);
    store_or_stream<kStream>(hn::DemoteTo(d16, bits), d16, to + i);
  };
  for_each_vector(n, round, head);
  return largest.bits();
}

std::uint32_t to_bf16(const float* x, std::size_t n, std::uint16_t* to, std::size_t whole) {
  const Streaming<std::uint16_t> streaming(to, std::max(n, whole));
  return streaming.worthwhile() ? bf16_loop<true>(x, n, streaming.head(), to) : bf16_loop<false>(x, n, 0, to);
}

void add_bf16(const std::uint16_t* from, std::size_t n, float scale, float* y) {
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    const hn::RebindToUnsigned<decltype(d)> du;
    const hn::Rebind<std::uint16_t, decltype(d)> d16;
    prefetch_ahead(y, i, hn::MaxLanes(d));
    const auto v = hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(du, hn::LoadU(d16, from + i))));
    hn::StoreU(hn::Add(hn::LoadU(d, y + i), hn::Mul(hn::Set(d, scale), v)), d, y + i);
  });
}

std::uint16_t max_magnitude_16(const std::uint16_t* from, std::size_t n) {
  const hn::CappedTag<std::int16_t, 32> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto* words = reinterpret_cast<const std::int16_t*>(from);
  const auto magnitude = hn::Set(d, 0x7FFF);
  auto m0 = hn::Zero(d), m1 = m0;
  std::size_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    // In floats, which are twice as wide. Each vector asks for its own line: with 64 bytes, two vectors are two lines.
    prefetch_ahead(reinterpret_cast<const float*>(words), i / 2, lanes / 2);
    prefetch_ahead(reinterpret_cast<const float*>(words), (i + lanes) / 2, lanes / 2);
    m0 = hn::Max(m0, hn::And(hn::LoadU(d, words + i), magnitude));
    m1 = hn::Max(m1, hn::And(hn::LoadU(d, words + i + lanes), magnitude));
  }
  for (; i + lanes <= n; i += lanes) m0 = hn::Max(m0, hn::And(hn::LoadU(d, words + i), magnitude));
  std::int16_t single = hn::GetLane(hn::MaxOfLanes(d, hn::Max(m0, m1)));
  for (const hn::CappedTag<std::int16_t, 1> one; i < n; ++i)
    single = std::max(single, hn::GetLane(hn::And(hn::LoadU(one, words + i), hn::Set(one, 0x7FFF))));
  return static_cast<std::uint16_t>(single);
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(copy_f32);
HWY_EXPORT(add_f32);
HWY_EXPORT(to_bf16);
HWY_EXPORT(add_bf16);
HWY_EXPORT(max_magnitude_16);

std::uint32_t copy_f32(const float* x, std::size_t n, std::byte* to, std::size_t whole) {
  return HWY_DYNAMIC_DISPATCH(copy_f32)(x, n, reinterpret_cast<float*>(to), whole);
}

void add_f32(const std::byte* from, std::size_t n, float scale, float* y) {
  HWY_DYNAMIC_DISPATCH(add_f32)(reinterpret_cast<const float*>(from), n, scale, y);
}

std::uint32_t to_bf16(const float* x, std::size_t n, std::byte* to, std::size_t whole) {
  return HWY_DYNAMIC_DISPATCH(to_bf16)(x, n, reinterpret_cast<std::uint16_t*>(to), whole);
}

void add_bf16(const std::byte* from, std::size_t n, float scale, float* y) {
  HWY_DYNAMIC_DISPATCH(add_bf16)(reinterpret_cast<const std::uint16_t*>(from), n, scale, y);
}

std::uint16_t max_magnitude_16(const std::byte* from, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(max_magnitude_16)(reinterpret_cast<const std::uint16_t*>(from), n);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
