#include "compression/kernels/micro.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/micro.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include <algorithm>
#include <bit>
#include <cstring>

#include "compression/kernels/scan-inl.h"
#include "compression/kernels/scan.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

using I32 = hn::RebindToSigned<F32>;
using I16 = hn::Rebind<std::int16_t, F32>;

/// 2^e as a float, for e from -149 to 127.
HWY_INLINE float power_of_two(int e) {
  const auto bits = e >= -126 ? static_cast<std::uint32_t>(e + 127) << 23 : std::uint32_t{1} << (e + 149);
  return std::bit_cast<float>(bits);
}

/// The biased scale of a block with this largest magnitude.
HWY_INLINE int scale_of(std::uint32_t largest_bits, const MicroFormat& format) {
  const int exponent = static_cast<int>(largest_bits >> 23);
  return exponent == 0 ? 0 : std::max(1, exponent - format.top_exponent);
}

/// The codes of magnitudes v, as magnitudes. Ties go to even.
HWY_INLINE hn::Vec<I32> round_float(hn::Vec<F32> v, const MicroFormat& format) {
  const F32 d;
  const I32 di;
  const int shift = 23 - format.mantissa;
  const auto magnitude = hn::BitCast(di, v);
  // From the smallest normal element: rebias the exponent and round away what the mantissa has too much.
  const auto odd = hn::And(hn::ShiftRightSame(magnitude, shift), hn::Set(di, 1));
  const std::int32_t rebias = (127 - format.bias) << 23;
  const std::int32_t below_half = (1 << (shift - 1)) - 1;
  const auto normal = hn::ShiftRightSame(hn::Add(hn::Add(magnitude, hn::Set(di, below_half - rebias)), odd), shift);
  // Below: an addition rounds at the spacing of elements there.
  const float magic = power_of_two(1 - format.bias - format.mantissa + 23);
  const auto sum = hn::BitCast(di, hn::Add(v, hn::Set(d, magic)));
  const auto small = hn::Sub(sum, hn::Set(di, static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(magic))));
  const auto is_small = hn::RebindMask(di, hn::Lt(v, hn::Set(d, power_of_two(1 - format.bias))));
  return hn::IfThenElse(is_small, small, normal);
}

HWY_INLINE void encode_block(const float* x, int biased_scale, const MicroFormat& format, std::int16_t* codes) {
  const F32 d;
  const I32 di;
  const auto factor = hn::Set(d, power_of_two(127 - biased_scale));
  const auto top = hn::Set(di, format.top);
  for (std::size_t i = 0; i < kMicroBlock; i += hn::Lanes(d)) {
    const auto v = hn::LoadU(d, x + i);
    const auto scaled = hn::Mul(hn::Abs(v), factor);
    const auto sign = hn::BroadcastSignBit(hn::BitCast(di, v));
    if (format.is_float()) {
      // The sign bit of the code, and all above it.
      const auto signs = hn::And(sign, hn::Set(di, -(std::int32_t{1} << (format.bits - 1))));
      hn::StoreU(hn::DemoteTo(I16(), hn::Or(hn::Min(round_float(scaled, format), top), signs)), I16(), codes + i);
    } else {
      const auto units = hn::Mul(scaled, hn::Set(d, power_of_two(format.bits - 2)));
      const auto whole = hn::Min(hn::NearestInt(units), top);
      hn::StoreU(hn::DemoteTo(I16(), hn::Sub(hn::Xor(whole, sign), sign)), I16(), codes + i);
    }
  }
}

/// The codes and the scale of a whole block. False if any x_i is not finite.
HWY_INLINE bool to_block(const float* x, const MicroFormat& format, std::int16_t* codes, std::uint8_t* scale) {
  const F32 d;
  const I32 di;
  auto largest = hn::Zero(di);
  for (std::size_t i = 0; i < kMicroBlock; i += hn::Lanes(d)) {
    prefetch_ahead(x, i, hn::Lanes(d));
    largest = hn::Max(largest, magnitude_bits(d, hn::LoadU(d, x + i)));
  }
  const auto largest_bits = static_cast<std::uint32_t>(hn::GetLane(hn::MaxOfLanes(di, largest)));
  if (largest_bits >= kInfinityBits) return false;
  const int biased_scale = scale_of(largest_bits, format);
  *scale = static_cast<std::uint8_t>(biased_scale);
  if (biased_scale == 0) {
    std::memset(codes, 0, kMicroBlock * sizeof *codes);
  } else {
    encode_block(x, biased_scale, format, codes);
  }
  return true;
}

bool to_micro(const float* x, std::size_t n, const MicroFormat& format, std::int16_t* codes, std::uint8_t* scales) {
  std::size_t i = 0;
  for (; i + kMicroBlock <= n; i += kMicroBlock) {
    if (!to_block(x + i, format, codes + i, scales++)) return false;
  }
  if (i < n) {
    float rest[kMicroBlock] = {};
    std::memcpy(rest, x + i, (n - i) * sizeof(float));
    if (!to_block(rest, format, codes + i, scales)) return false;
    i += kMicroBlock;
  }
  if (i % 64 != 0) std::memset(codes + i, 0, kMicroBlock * sizeof *codes);
  return true;
}

void largest_codes(const std::int16_t* codes, std::size_t n, const MicroFormat& format, std::int32_t* largest) {
  const hn::CappedTag<std::int16_t, 32> d;
  const auto mask = hn::Set(d, static_cast<std::int16_t>((1 << (format.bits - 1)) - 1));
  for (std::size_t i = 0; i < n; i += kMicroBlock) {
    auto block = hn::Zero(d);
    for (std::size_t j = i; j < i + kMicroBlock; j += hn::Lanes(d)) {
      const auto code = hn::LoadU(d, codes + j);
      block = hn::Max(block, format.is_float() ? hn::And(code, mask) : hn::Abs(code));
    }
    *largest++ = hn::GetLane(hn::MaxOfLanes(d, block));
  }
}

/// What the codes stand for, below the scale of 1.
template <class D>
HWY_INLINE hn::Vec<D> element(D d, hn::Vec<hn::RebindToSigned<D>> code, const MicroFormat& format) {
  const hn::RebindToSigned<D> di;
  if (!format.is_float()) return hn::Mul(hn::ConvertTo(d, code), hn::Set(d, power_of_two(2 - format.bits)));
  const auto magnitude = hn::And(code, hn::Set(di, (1 << (format.bits - 1)) - 1));
  const auto shifted = hn::ShiftLeftSame(magnitude, 23 - format.mantissa);
  const auto normal = hn::BitCast(d, hn::Add(shifted, hn::Set(di, (127 - format.bias) << 23)));
  const auto small = hn::Mul(hn::ConvertTo(d, magnitude), hn::Set(d, power_of_two(1 - format.bias - format.mantissa)));
  const auto is_small = hn::Lt(magnitude, hn::Set(di, 1 << format.mantissa));
  const auto value = hn::IfThenElse(hn::RebindMask(d, is_small), small, normal);
  const auto sign = hn::And(code, hn::Set(di, static_cast<std::int32_t>(0x80000000)));
  return hn::Or(value, hn::BitCast(d, sign));
}

void add_micro(const std::int16_t* codes, const std::uint8_t* scales, std::size_t n, const MicroFormat& format,
               float scale, float* y) {
  for (std::size_t start = 0; start < n; start += kMicroBlock) {
    const std::uint8_t biased_scale = *scales++;
    if (biased_scale == 0) continue;
    const float unit = power_of_two(biased_scale - 127);
    const std::int16_t* from = codes + start;
    float* to = y + start;
    for_each_vector(std::min(kMicroBlock, n - start), [&](auto d, std::size_t i) HWY_ATTR {
      const hn::RebindToSigned<decltype(d)> di;
      const hn::Rebind<std::int16_t, decltype(d)> d16;
      prefetch_ahead(to, i, hn::MaxLanes(d));
      const auto code = hn::PromoteTo(di, hn::LoadU(d16, from + i));
      const auto value = hn::Mul(element(d, code, format), hn::Set(d, unit));
      hn::StoreU(hn::Add(hn::LoadU(d, to + i), hn::Mul(hn::Set(d, scale), value)), d, to + i);
    });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(to_micro);
HWY_EXPORT(largest_codes);
HWY_EXPORT(add_micro);

bool to_micro(const float* x, std::size_t n, const MicroFormat& format, std::int16_t* codes, std::byte* scales) {
  return HWY_DYNAMIC_DISPATCH(to_micro)(x, n, format, codes, reinterpret_cast<std::uint8_t*>(scales));
}

void largest_codes(const std::int16_t* codes, std::size_t n, const MicroFormat& format, std::int32_t* largest) {
  HWY_DYNAMIC_DISPATCH(largest_codes)(codes, n, format, largest);
}

void add_micro(const std::int16_t* codes, const std::byte* scales, std::size_t n, const MicroFormat& format,
               float scale, float* y) {
  HWY_DYNAMIC_DISPATCH(add_micro)(codes, reinterpret_cast<const std::uint8_t*>(scales), n, format, scale, y);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
