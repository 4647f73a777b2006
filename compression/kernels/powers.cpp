#include "compression/kernels/powers.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/powers.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include <cstring>

#include "compression/kernels/groups-inl.h"
#include "compression/kernels/philox-inl.h"
#include "compression/kernels/philox.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

using I32 = hn::RebindToSigned<F32>;

/// Codes Lanes(F32()) coordinates and returns their sign bits.
HWY_INLINE unsigned to_powers_vector(const float* x, hn::Vec<I32> carry, LargestMagnitude& largest,
                                     std::uint8_t* exponents) {
  const F32 d;
  const I32 di;
  const hn::Rebind<std::uint8_t, F32> d8;
  const auto v = hn::LoadU(d, x);
  const auto magnitude = magnitude_bits(d, v);
  largest.see(d, magnitude);
  // The sum may reach the sign bit only if x is not finite. Then what is written does not matter.
  const auto exponent = hn::ShiftRight<23>(hn::Add(magnitude, carry));
  hn::StoreU(hn::DemoteTo(d8, exponent), d8, exponents);
  const auto negative = hn::And(hn::Lt(hn::BitCast(di, v), hn::Zero(di)), hn::Gt(exponent, hn::Zero(di)));
  std::uint8_t bits[8] = {};
  hn::StoreMaskBits(di, negative, bits);
  return bits[0] | (static_cast<unsigned>(bits[1]) << 8);
}

HWY_INLINE void to_powers_group(const float* x, const PhiloxKeys& key, std::uint32_t first_block,
                                LargestMagnitude& largest, std::uint8_t* exponents, std::uint8_t* signs) {
  const I32 di;
  const std::size_t lanes = hn::Lanes(di);
  hn::Vec<U32> words[4];
  std::uint16_t bits[4] = {};
  for (std::size_t l = 0; l < kBlocksPerGroup; l += lanes) {
    rounding_words(key, first_block, l, words);
    for (std::size_t j = 0; j < 4; ++j) {
      const std::size_t at = kBlocksPerGroup * j + l;
      prefetch_ahead(x, at, lanes);
      const auto carry = hn::BitCast(di, hn::ShiftRight<9>(words[j]));
      bits[j] |= static_cast<std::uint16_t>(to_powers_vector(x + at, carry, largest, exponents + at) << l);
    }
  }
  std::memcpy(signs, bits, sizeof bits);
}

HWY_INLINE void to_nearest_powers_group(const float* x, LargestMagnitude& largest, std::uint8_t* exponents,
                                        std::uint8_t* signs) {
  const I32 di;
  const std::size_t lanes = hn::Lanes(di);
  std::uint16_t bits[4] = {};
  for (std::size_t i = 0; i < kGroup; i += lanes) {
    prefetch_ahead(x, i, lanes);
    const unsigned here = to_powers_vector(x + i, hn::Set(di, 1 << 22), largest, exponents + i);
    bits[i / 16] |= static_cast<std::uint16_t>(here << (i % 16));
  }
  std::memcpy(signs, bits, sizeof bits);
}

/// Calls group(x, exponents, signs, i) for whole groups, the last one through copies.
template <class Group>
HWY_INLINE void for_each_group(const float* x, std::size_t n, std::uint8_t* exponents, std::uint8_t* signs,
                               Group&& group) {
  std::size_t i = 0;
  for (; i + kGroup <= n; i += kGroup) group(x + i, exponents + i, signs + i / 8, i);
  if (i == n) return;
  float rest[kGroup] = {};
  std::uint8_t rest_exponents[kGroup], rest_signs[kGroup / 8];
  std::memcpy(rest, x + i, (n - i) * sizeof(float));
  group(rest, rest_exponents, rest_signs, i);
  std::memcpy(exponents + i, rest_exponents, n - i);
  std::memcpy(signs + i / 8, rest_signs, (n - i + 7) / 8);
}

std::uint32_t to_powers(const float* x, std::size_t n, const base::PhiloxInput& key, std::uint32_t first_block,
                        std::uint8_t* exponents, std::uint8_t* signs) {
  const PhiloxKeys keys(key);
  LargestMagnitude largest;
  for_each_group(x, n, exponents, signs,
                 [&](const float* from, std::uint8_t* to, std::uint8_t* to_signs, std::size_t i) HWY_ATTR {
                   const auto block = first_block + static_cast<std::uint32_t>(i / kGroup * kBlocksPerGroup);
                   to_powers_group(from, keys, block, largest, to, to_signs);
                 });
  return largest.bits();
}

std::uint32_t to_nearest_powers(const float* x, std::size_t n, std::uint8_t* exponents, std::uint8_t* signs) {
  LargestMagnitude largest;
  for_each_group(x, n, exponents, signs,
                 [&](const float* from, std::uint8_t* to, std::uint8_t* to_signs, std::size_t)
                     HWY_ATTR { to_nearest_powers_group(from, largest, to, to_signs); });
  return largest.bits();
}

/// The signs of exponents that are 0, of Lanes(d) of them.
HWY_INLINE bool are_powers_group(const std::uint8_t* exponents, const std::uint8_t* signs) {
  const hn::CappedTag<std::uint8_t, kGroup> d;
  std::uint64_t zeros = 0, bits;
  for (std::size_t i = 0; i < kGroup; i += hn::Lanes(d)) {
    std::uint8_t mask[16] = {};
    hn::StoreMaskBits(d, hn::Eq(hn::LoadU(d, exponents + i), hn::Zero(d)), mask);
    std::uint64_t word;
    std::memcpy(&word, mask, sizeof word);
    zeros |= word << i;
  }
  std::memcpy(&bits, signs, sizeof bits);
  return (zeros & bits) == 0;
}

bool are_powers(const std::uint8_t* exponents, const std::uint8_t* signs, std::size_t n) {
  std::size_t i = 0;
  for (; i + kGroup <= n; i += kGroup) {
    if (!are_powers_group(exponents + i, signs + i / 8)) return false;
  }
  if (i == n) return true;
  std::uint8_t rest[kGroup] = {}, rest_signs[kGroup / 8] = {};  // pad bits are signs of exponents 0
  std::memcpy(rest, exponents + i, n - i);
  std::memcpy(rest_signs, signs + i / 8, (n - i + 7) / 8);
  return are_powers_group(rest, rest_signs);
}

template <class D>
HWY_INLINE void add_powers_vector(D d, const std::uint8_t* exponents, unsigned signs, float scale, float* y) {
  const hn::RebindToSigned<D> di;
  const hn::Rebind<std::uint8_t, D> d8;
  std::uint8_t word[16] = {};  // LoadMaskBits may read eight bytes
  std::memcpy(word, &signs, sizeof signs);
  const auto exponent = hn::PromoteTo(di, hn::LoadU(d8, exponents));
  // 255 is the only exponent that shifts to more than the bits of the largest float.
  const auto magnitude = hn::Min(hn::ShiftLeft<23>(exponent), hn::Set(di, 0x7F7FFFFF));
  const auto sign = hn::IfThenElseZero(hn::LoadMaskBits(d, word), hn::Set(d, -0.0f));
  const auto value = hn::Or(hn::BitCast(d, magnitude), sign);
  hn::StoreU(hn::Add(hn::LoadU(d, y), hn::Mul(hn::Set(d, scale), value)), d, y);
}

void add_powers(const std::uint8_t* exponents, const std::uint8_t* signs, std::size_t n, float scale, float* y) {
  const F32 d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    prefetch_ahead(y, i, 16);
    const unsigned bits = signs[i / 8] | (static_cast<unsigned>(signs[i / 8 + 1]) << 8);
    for (std::size_t j = 0; j < 16; j += lanes) add_powers_vector(d, exponents + i + j, bits >> j, scale, y + i + j);
  }
  for (const hn::CappedTag<float, 1> one; i < n; ++i)
    add_powers_vector(one, exponents + i, (signs[i / 8] >> (i % 8)) & 1u, scale, y + i);
}

HWY_INLINE hn::Vec<I32> power_level_vector(hn::Vec<F32> x, hn::Vec<U32> word, const LevelGrid& grid) {
  const F32 d;
  const I32 di;
  const auto scaled = hn::Mul(hn::Mul(hn::Abs(x), hn::Set(d, grid.prescale)), hn::Set(d, grid.inverse));
  const auto r = hn::Min(scaled, hn::Set(d, grid.top));
  const auto carry = hn::BitCast(di, hn::ShiftRight<9>(word));
  const auto one = hn::Set(d, 1.0f);
  // From 1: as natural compression does. Below: with 23 bits of fixed point.
  const auto power = hn::Sub(hn::ShiftRight<23>(hn::Add(hn::BitCast(di, r), carry)), hn::Set(di, 126));
  const auto fixed = hn::ConvertTo(di, hn::Mul(hn::Min(r, one), hn::Set(d, 0x1p23f)));
  const auto fraction = hn::ShiftRight<23>(hn::Add(fixed, carry));
  const auto level = hn::IfThenElse(hn::Lt(hn::BitCast(di, r), hn::BitCast(di, one)), fraction, power);
  const auto sign = hn::BroadcastSignBit(hn::BitCast(di, x));
  return hn::Sub(hn::Xor(level, sign), sign);
}

void quantise_to_powers(const float* x, std::size_t n, const LevelGrid& grid, const base::PhiloxInput& key,
                        std::uint32_t first_block, std::int16_t* levels) {
  draw_levels(x, n, key, first_block, levels,
              [&grid](hn::Vec<F32> v, hn::Vec<U32> word) HWY_ATTR { return power_level_vector(v, word, grid); });
}

void add_power_levels(const std::int16_t* levels, std::size_t n, float unit, unsigned finest, float scale, float* y) {
  const auto bias = static_cast<std::int32_t>(126 - finest);
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    const hn::Rebind<std::int16_t, decltype(d)> d16;
    prefetch_ahead(y, i, hn::MaxLanes(d));
    const auto level = hn::PromoteTo(di, hn::LoadU(d16, levels + i));
    const auto exponent = hn::Add(hn::Abs(level), hn::Set(di, bias));
    const auto sign = hn::And(level, hn::Set(di, static_cast<std::int32_t>(0x80000000)));
    const auto power = hn::BitCast(d, hn::Or(hn::ShiftLeft<23>(exponent), sign));
    const auto value = hn::Mul(hn::Set(d, unit), power);
    const auto kept = hn::IfThenZeroElse(hn::RebindMask(d, hn::Eq(level, hn::Zero(di))), value);
    hn::StoreU(hn::Add(hn::LoadU(d, y + i), hn::Mul(hn::Set(d, scale), kept)), d, y + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(to_powers);
HWY_EXPORT(to_nearest_powers);
HWY_EXPORT(are_powers);
HWY_EXPORT(add_powers);
HWY_EXPORT(quantise_to_powers);
HWY_EXPORT(add_power_levels);

std::uint32_t to_powers(const float* x, std::size_t n, const base::PhiloxInput& key, std::uint32_t first_block,
                        std::uint8_t* exponents, std::uint8_t* signs) {
  return HWY_DYNAMIC_DISPATCH(to_powers)(x, n, key, first_block, exponents, signs);
}

std::uint32_t to_nearest_powers(const float* x, std::size_t n, std::uint8_t* exponents, std::uint8_t* signs) {
  return HWY_DYNAMIC_DISPATCH(to_nearest_powers)(x, n, exponents, signs);
}

bool are_powers(const std::uint8_t* exponents, const std::uint8_t* signs, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(are_powers)(exponents, signs, n);
}

void add_powers(const std::uint8_t* exponents, const std::uint8_t* signs, std::size_t n, float scale, float* y) {
  HWY_DYNAMIC_DISPATCH(add_powers)(exponents, signs, n, scale, y);
}

void quantise_to_powers(const float* x, std::size_t n, const LevelGrid& grid, const base::PhiloxInput& key,
                        std::uint32_t first_block, std::int16_t* levels) {
  HWY_DYNAMIC_DISPATCH(quantise_to_powers)(x, n, grid, key, first_block, levels);
}

void add_power_levels(const std::int16_t* levels, std::size_t n, float unit, unsigned finest, float scale, float* y) {
  HWY_DYNAMIC_DISPATCH(add_power_levels)(levels, n, unit, finest, scale, y);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
