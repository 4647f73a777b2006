#include "compression/kernels/halves.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/halves.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include <bit>
#include <cstring>

#include "compression/kernels/scan-inl.h"
#include "compression/kernels/scan.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

/// 2^e as a float, for e from -149 to 127.
HWY_INLINE float power_of_two(int e) {
  const auto bits = e >= -126 ? static_cast<std::uint32_t>(e + 127) << 23 : std::uint32_t{1} << (e + 149);
  return std::bit_cast<float>(bits);
}

/// What the binary16 of a block are multiplied with has this exponent: it takes [2^14, 2^15) to the largest magnitude.
HWY_INLINE int shift_of(std::uint8_t exponent) {
  return exponent - 127 - 14;
}

/// v, of magnitude below 2^15, as the bits of binary16.
template <class D, class V>
HWY_INLINE auto round_to_half(D d, V v, std::uint16_t largest) {
  const hn::RebindToSigned<D> ds;
  const auto magnitude = magnitude_bits(d, v);
  // From 2^-14: rebias the exponent and round away 13 bits of the mantissa.
  const auto odd = hn::And(hn::ShiftRight<13>(magnitude), hn::Set(ds, 1));
  const auto rebiased = hn::ShiftRight<13>(hn::Add(hn::Add(magnitude, hn::Set(ds, 0xFFF - 0x38000000)), odd));
  // Below: an addition rounds at 2^-24, the spacing of binary16 there.
  const auto sum = hn::BitCast(ds, hn::Add(hn::BitCast(d, magnitude), hn::Set(d, 0.5f)));
  const auto below = hn::Sub(sum, hn::Set(ds, 0x3F000000));
  const auto half = hn::IfThenElse(hn::Lt(magnitude, hn::Set(ds, 0x38800000)), below, rebiased);
  const auto sign = hn::And(hn::ShiftRight<16>(hn::BitCast(ds, v)), hn::Set(ds, 0x8000));
  return hn::Or(hn::Min(half, hn::Set(ds, largest)), sign);
}

template <bool kStream>
HWY_INLINE void round_block(const float* x, std::size_t n, std::uint8_t exponent, std::uint16_t* to) {
  // In two steps, since 2^-shift alone may not be a float. Both are exact unless the result is far below 2^-25.
  const int up = -shift_of(exponent);
  const float first = power_of_two(up / 2), second = power_of_two(up - up / 2);
  const auto round = [&](auto d, std::size_t i) HWY_ATTR {
    const hn::Rebind<std::uint16_t, decltype(d)> d16;
    prefetch_ahead(x, i, hn::MaxLanes(d));
    const auto v = hn::Mul(hn::Mul(hn::LoadU(d, x + i), hn::Set(d, first)), hn::Set(d, second));
    store_or_stream<kStream>(hn::DemoteTo(d16, round_to_half(d, v, largest_half(exponent))), d16, to + i);
  };
  const std::size_t past = reinterpret_cast<std::uintptr_t>(to) / sizeof(std::uint16_t) % hn::MaxLanes(F32());
  for_each_vector(n, round, kStream && past > 0 ? hn::MaxLanes(F32()) - past : 0);
}

bool to_halves(const float* x, std::size_t n, std::size_t block, std::uint16_t* halves, std::uint8_t* exponents,
               std::size_t whole) {
  const Streaming<std::uint16_t> streaming(halves, std::max(n, whole));
  for (std::size_t i = 0; i < n; i += block) {
    const std::size_t length = std::min(block, n - i);
    const std::uint32_t largest = max_magnitude(x + i, length);
    if (largest >= kInfinityBits) return false;
    const auto exponent = static_cast<std::uint8_t>(largest >> 23);
    exponents[i / block] = exponent;
    if (exponent == 0) {
      std::memset(halves + i, 0, length * sizeof(std::uint16_t));
    } else if (streaming.worthwhile()) {
      round_block<true>(x + i, length, exponent, halves + i);
    } else {
      round_block<false>(x + i, length, exponent, halves + i);
    }
  }
  return true;
}

void add_halves(const std::uint16_t* halves, const std::uint8_t* exponents, std::size_t n, std::size_t block,
                float scale, float* y) {
  for (std::size_t start = 0; start < n; start += block) {
    const std::uint8_t exponent = exponents[start / block];
    if (exponent == 0) continue;
    const float unit = power_of_two(shift_of(exponent));
    const std::uint16_t* from = halves + start;
    float* to = y + start;
    for_each_vector(std::min(block, n - start), [&](auto d, std::size_t i) HWY_ATTR {
      const hn::RebindToUnsigned<decltype(d)> du;
      const hn::Rebind<std::uint16_t, decltype(d)> d16;
      prefetch_ahead(to, i, hn::MaxLanes(d));
      const auto bits = hn::PromoteTo(du, hn::LoadU(d16, from + i));
      const auto sign = hn::ShiftLeft<16>(hn::And(bits, hn::Set(du, 0x8000)));
      const auto shifted = hn::ShiftLeft<13>(hn::And(bits, hn::Set(du, 0x7FFF)));
      // Read as f32 the shifted bits are 2^112 too small, denormals included.
      const auto magnitude = hn::Mul(hn::BitCast(d, shifted), hn::Set(d, 0x1p112f));
      const auto v = hn::Mul(hn::BitCast(d, hn::Or(hn::BitCast(du, magnitude), sign)), hn::Set(d, unit));
      hn::StoreU(hn::Add(hn::LoadU(d, to + i), hn::Mul(hn::Set(d, scale), v)), d, to + i);
    });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(to_halves);
HWY_EXPORT(add_halves);

bool to_halves(const float* x, std::size_t n, std::size_t block, std::byte* halves, std::byte* exponents,
               std::size_t whole) {
  return HWY_DYNAMIC_DISPATCH(to_halves)(x, n, block, reinterpret_cast<std::uint16_t*>(halves),
                                         reinterpret_cast<std::uint8_t*>(exponents), whole);
}

void add_halves(const std::byte* halves, const std::byte* exponents, std::size_t n, std::size_t block, float scale,
                float* y) {
  HWY_DYNAMIC_DISPATCH(add_halves)(reinterpret_cast<const std::uint16_t*>(halves),
                                   reinterpret_cast<const std::uint8_t*>(exponents), n, block, scale, y);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
