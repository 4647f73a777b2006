#include "compression/kernels/trits.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/trits.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include "compression/kernels/philox-inl.h"
#include "compression/kernels/philox.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

using I32 = hn::RebindToSigned<F32>;
using I16 = hn::CappedTag<std::int16_t, 32>;

constexpr std::size_t kRow = kTritGroup / 5;  // coordinates of a row, and bytes of a group
static_assert(kRow == kGroup);
constexpr std::size_t kRowVectors = kRow / hn::MaxLanes(F32());
constexpr std::int32_t kWeights[5] = {1, 3, 9, 27, 81};

/// The digits of kRow coordinates, times the weight of their row, added to the codes of the group's bytes.
HWY_INLINE void add_digits(hn::Mask<I32> counts, hn::Vec<F32> x, std::int32_t weight, hn::Vec<I32>& code) {
  const I32 di;
  const auto w = hn::Set(di, weight);
  const auto digit = hn::Add(w, hn::And(w, hn::BroadcastSignBit(hn::BitCast(di, x))));
  code = hn::Add(code, hn::IfThenElseZero(counts, digit));
}

HWY_INLINE void store_codes(const hn::Vec<I32> (&codes)[kRowVectors], std::uint8_t* to) {
  const hn::Rebind<std::uint8_t, F32> d8;
  for (std::size_t v = 0; v < kRowVectors; ++v)
    hn::StoreU(hn::DemoteTo(d8, codes[v]), d8, to + v * hn::MaxLanes(F32()));
}

void draw_groups(const float* x, std::size_t groups, const LevelGrid& grid, const base::PhiloxInput& key,
                 std::uint32_t first_block, std::uint8_t* to) {
  const F32 d;
  const I32 di;
  constexpr std::size_t kLanes = hn::MaxLanes(F32());
  const auto prescale = hn::Set(d, grid.prescale), inverse = hn::Set(d, grid.inverse);
  const PhiloxKeys keys(key);
  hn::Vec<U32> words[4];
  for (std::size_t g = 0; g < groups; ++g, to += kRow) {
    hn::Vec<I32> codes[kRowVectors];
    for (auto& code : codes) code = hn::Zero(di);
    for (const std::int32_t weight : kWeights) {
      for (std::size_t l = 0; l < kBlocksPerGroup; l += kLanes) {
        rounding_words(keys, first_block, l, words);
        for (std::size_t j = 0; j < 4; ++j) {
          const std::size_t at = kBlocksPerGroup * j + l;
          prefetch_ahead(x, at, kLanes);
          const auto v = hn::LoadU(d, x + at);
          // Without the minimum of one: a uniform number below one is below whatever exceeds it.
          const auto r = hn::Mul(hn::Mul(hn::Abs(v), prescale), inverse);
          const auto u = hn::Mul(hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<8>(words[j]))), hn::Set(d, 0x1p-24f));
          add_digits(hn::RebindMask(di, hn::Lt(u, r)), v, weight, codes[at / kLanes]);
        }
      }
      x += kRow;
      first_block += kBlocksPerGroup;
    }
    store_codes(codes, to);
  }
}

void threshold_groups(const float* x, std::size_t groups, const TritThresholds& least, std::uint8_t* to) {
  const F32 d;
  const I32 di;
  constexpr std::size_t kLanes = hn::MaxLanes(F32());
  // One less, since greater is the comparison that there is.
  const auto positive = hn::Set(di, static_cast<std::int32_t>(least.positive) - 1);
  const auto either = hn::Xor(positive, hn::Set(di, static_cast<std::int32_t>(least.negative) - 1));
  for (std::size_t g = 0; g < groups; ++g, to += kRow) {
    hn::Vec<I32> codes[kRowVectors];
    for (auto& code : codes) code = hn::Zero(di);
    for (const std::int32_t weight : kWeights) {
      for (std::size_t at = 0; at < kRow; at += kLanes) {
        prefetch_ahead(x, at, kLanes);
        const auto v = hn::LoadU(d, x + at);
        const auto threshold = hn::Xor(positive, hn::And(either, hn::BroadcastSignBit(hn::BitCast(di, v))));
        add_digits(hn::Gt(magnitude_bits(d, v), threshold), v, weight, codes[at / kLanes]);
      }
      x += kRow;
    }
    store_codes(codes, to);
  }
}

/// A third of the code, rounded down: the digits above the lowest.
template <class V>
HWY_INLINE V drop_digit(V code) {
  const hn::RebindToUnsigned<I16> d;
  return hn::ShiftRight<9>(hn::Mul(code, hn::Set(d, 171)));  // exact below 512
}

void add_groups(const std::uint8_t* from, std::size_t groups, float plus, float minus, float* y) {
  const F32 d;
  const I32 di;
  const hn::RebindToUnsigned<I16> d16;
  const hn::Half<decltype(d16)> half;
  const hn::Rebind<std::uint8_t, I16> d8;
  constexpr std::size_t kLanes = hn::MaxLanes(F32());
  static_assert(2 * kLanes == hn::MaxLanes(I16()));
  float values[kLanes] = {0, plus, minus};
  const auto table = hn::LoadU(d, values);
  for (std::size_t g = 0; g < groups; ++g, from += kRow, y += kTritGroup) {
    for (std::size_t j = 0; j < kRow; j += 2 * kLanes) {
      auto code = hn::PromoteTo(d16, hn::LoadU(d8, from + j));
      for (std::size_t row = 0; row < 5; ++row) {
        const auto rest = drop_digit(code);
        const auto digit = hn::Sub(code, hn::Add(rest, hn::Add(rest, rest)));
        float* to = y + row * kRow + j;
        prefetch_ahead(to, 0, kLanes);
        prefetch_ahead(to, kLanes, kLanes);
        const auto low = hn::BitCast(di, hn::PromoteTo(hn::RebindToUnsigned<I32>(), hn::LowerHalf(half, digit)));
        const auto high = hn::BitCast(di, hn::PromoteTo(hn::RebindToUnsigned<I32>(), hn::UpperHalf(half, digit)));
        const auto first = hn::TableLookupLanes(table, hn::IndicesFromVec(d, low));
        const auto second = hn::TableLookupLanes(table, hn::IndicesFromVec(d, high));
        hn::StoreU(hn::Add(hn::LoadU(d, to), first), d, to);
        hn::StoreU(hn::Add(hn::LoadU(d, to + kLanes), second), d, to + kLanes);
        code = rest;
      }
    }
  }
}

/// All digits that occur, bit by bit: 1 for a level of 1, 2 for one of -1.
unsigned digits_of_groups(const std::uint8_t* from, std::size_t groups) {
  const hn::RebindToUnsigned<I16> d16;
  const hn::Rebind<std::uint8_t, I16> d8;
  auto seen = hn::Zero(d16);
  for (std::size_t j = 0; j < groups * kRow; j += hn::Lanes(d16)) {
    auto code = hn::PromoteTo(d16, hn::LoadU(d8, from + j));
    for (std::size_t row = 0; row < 5; ++row) {
      const auto rest = drop_digit(code);
      seen = hn::Or(seen, hn::Sub(code, hn::Add(rest, hn::Add(rest, rest))));
      code = rest;
    }
  }
  std::uint16_t lanes[hn::MaxLanes(I16())];
  hn::StoreU(seen, d16, lanes);
  unsigned digits = 0;
  for (const std::uint16_t lane : lanes) digits |= lane;
  return digits;
}

std::uint8_t largest_byte(const std::uint8_t* from, std::size_t n) {
  const hn::CappedTag<std::uint8_t, 64> d;
  const std::size_t lanes = hn::Lanes(d);
  auto largest = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) largest = hn::Max(largest, hn::LoadU(d, from + i));
  std::uint8_t all[64];
  hn::StoreU(largest, d, all);
  std::uint8_t single = *std::max_element(all, all + lanes);
  for (; i < n; ++i) single = std::max(single, from[i]);
  return single;
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <array>
#include <bit>

namespace parley::compression::kernels {

HWY_EXPORT(draw_groups);
HWY_EXPORT(threshold_groups);
HWY_EXPORT(add_groups);
HWY_EXPORT(digits_of_groups);
HWY_EXPORT(largest_byte);

namespace {

constexpr std::size_t kGroupBytes = kTritGroup / 5;
constexpr unsigned kLargestCode = 242;

using Levels = std::array<std::int16_t, kTritGroup>;

/// The last group, of fewer than kTritGroup levels.
void pack_rest(const Levels& levels, std::size_t n, std::byte* to) {
  const std::size_t m = trit_bytes(n);
  for (std::size_t j = 0; j < m; ++j) {
    unsigned code = 0;
    for (std::size_t row = 5; row-- > 0;) {
      const std::size_t i = row * m + j;
      const int level = i < n ? levels[i] : 0;
      code = 3 * code + static_cast<unsigned>(level < 0 ? 2 : level);
    }
    to[j] = static_cast<std::byte>(code);
  }
}

/// Calls visit(i, digit) for the digits of the last group, those past its n levels too.
template <class Visit>
void unpack_rest(const std::byte* from, std::size_t n, Visit visit) {
  const std::size_t m = trit_bytes(n);
  for (std::size_t j = 0; j < m; ++j) {
    auto code = static_cast<unsigned>(from[j]);
    for (std::size_t row = 0; row < 5; ++row, code /= 3) visit(row * m + j, code % 3);
  }
}

}  // namespace

void draw_trits(const float* x, std::size_t n, const LevelGrid& grid, const base::PhiloxInput& key,
                std::uint32_t first_block, std::byte* to) {
  const std::size_t groups = n / kTritGroup, whole = groups * kTritGroup;
  HWY_DYNAMIC_DISPATCH(draw_groups)(x, groups, grid, key, first_block, reinterpret_cast<std::uint8_t*>(to));
  if (whole == n) return;
  Levels levels;
  quantise(x + whole, n - whole, grid, key, first_block + static_cast<std::uint32_t>(whole / kGroup) * kBlocksPerGroup,
           levels.data());
  pack_rest(levels, n - whole, to + groups * kGroupBytes);
}

void threshold_trits(const float* x, std::size_t n, const TritThresholds& least, std::byte* to) {
  const std::size_t groups = n / kTritGroup, whole = groups * kTritGroup;
  HWY_DYNAMIC_DISPATCH(threshold_groups)(x, groups, least, reinterpret_cast<std::uint8_t*>(to));
  if (whole == n) return;
  Levels levels;
  for (std::size_t i = whole; i < n; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(x[i]);
    const bool negative = (bits >> 31) != 0;
    const bool counts = (bits & 0x7FFFFFFF) >= (negative ? least.negative : least.positive);
    levels[i - whole] = static_cast<std::int16_t>(counts ? (negative ? -1 : 1) : 0);
  }
  pack_rest(levels, n - whole, to + groups * kGroupBytes);
}

void add_trits(const std::byte* from, std::size_t n, float plus, float minus, float* y) {
  const std::size_t groups = n / kTritGroup, rest = n % kTritGroup;
  HWY_DYNAMIC_DISPATCH(add_groups)(reinterpret_cast<const std::uint8_t*>(from), groups, plus, minus, y);
  const std::array<float, 3> values = {0, plus, minus};
  float* to = y + groups * kTritGroup;
  unpack_rest(from + groups * kGroupBytes, rest, [&](std::size_t i, unsigned digit) {
    if (i < rest) to[i] += values[digit];
  });
}

bool trits_are_valid(const std::byte* from, std::size_t n) {
  if (HWY_DYNAMIC_DISPATCH(largest_byte)(reinterpret_cast<const std::uint8_t*>(from), trit_bytes(n)) > kLargestCode)
    return false;
  const std::size_t rest = n % kTritGroup;
  bool valid = true;
  if (rest == 5 * trit_bytes(rest)) return valid;
  unpack_rest(from + n / kTritGroup * kGroupBytes, rest,
              [&](std::size_t i, unsigned digit) { valid = valid && (i < rest || digit == 0); });
  return valid;
}

TritsSeen trits_seen(const std::byte* from, std::size_t n) {
  const std::size_t groups = n / kTritGroup;
  unsigned digits = HWY_DYNAMIC_DISPATCH(digits_of_groups)(reinterpret_cast<const std::uint8_t*>(from), groups);
  unpack_rest(from + groups * kGroupBytes, n % kTritGroup, [&](std::size_t, unsigned digit) { digits |= digit; });
  return {(digits & 1) != 0, (digits & 2) != 0};
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
