#include "compression/kernels/trits.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/trits.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include "compression/kernels/vector_loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

using I16 = hn::CappedTag<std::int16_t, 32>;
using U8 = hn::Rebind<std::uint8_t, I16>;

constexpr std::size_t kBytes = kTritGroup / 5;  // of a group

/// kBytes bytes from the five rows of levels that begin `stride` apart.
HWY_INLINE void pack_group(const std::int16_t* levels, std::size_t stride, std::uint8_t* to) {
  const I16 d;
  for (std::size_t j = 0; j < kBytes; j += hn::Lanes(d)) {
    auto code = hn::Zero(d);
    for (std::size_t row = 5; row-- > 0;) {
      const auto level = hn::LoadU(d, levels + row * stride + j);
      const auto negative = hn::ShiftRight<15>(level);  // -1 for -1, which becomes 2
      const auto digit = hn::Sub(level, hn::Add(negative, hn::Add(negative, negative)));
      code = hn::Add(digit, hn::Add(code, hn::Add(code, code)));
    }
    hn::StoreU(hn::DemoteTo(U8(), code), U8(), to + j);
  }
}

HWY_INLINE void unpack_group(const std::uint8_t* from, std::size_t stride, std::int16_t* levels) {
  const I16 d;
  const hn::RebindToUnsigned<I16> du;
  for (std::size_t row = 0; row < 5; ++row) {
    for (std::size_t j = 0; j < kBytes; j += hn::Lanes(d)) {
      // The codes above this row: divided by three as often as rows went before.
      auto code = hn::PromoteTo(du, hn::LoadU(U8(), from + j));
      for (std::size_t before = 0; before < row; ++before)
        code = hn::ShiftRight<9>(hn::Mul(code, hn::Set(du, 171)));  // exact below 512
      const auto rest = hn::ShiftRight<9>(hn::Mul(code, hn::Set(du, 171)));
      const auto digit = hn::BitCast(d, hn::Sub(code, hn::Add(rest, hn::Add(rest, rest))));
      const auto two = hn::ShiftRight<1>(digit);  // 2 becomes -1
      hn::StoreU(hn::Sub(digit, hn::Add(two, hn::Add(two, two))), d, levels + row * stride + j);
    }
  }
}

void pack_groups(const std::int16_t* levels, std::size_t groups, std::size_t stride, std::uint8_t* to) {
  for (std::size_t g = 0; g < groups; ++g) pack_group(levels + g * kTritGroup, stride, to + g * kBytes);
}

void unpack_groups(const std::uint8_t* from, std::size_t groups, std::size_t stride, std::int16_t* levels) {
  for (std::size_t g = 0; g < groups; ++g) unpack_group(from + g * kBytes, stride, levels + g * kTritGroup);
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
#include <cstring>

namespace parley::compression::kernels {

HWY_EXPORT(pack_groups);
HWY_EXPORT(unpack_groups);
HWY_EXPORT(largest_byte);

namespace {

constexpr unsigned kLargestCode = 242;

/// Levels of the last group, of fewer than kTritGroup.
using Rows = std::array<std::int16_t, kTritGroup>;
using GroupBytes = std::array<std::uint8_t, kTritGroup / 5>;

/// The rows of a group of m bytes begin m apart, so what stands in the lanes past m is overwritten by the next row.
void unpack_rest(const std::byte* from, std::size_t m, std::int16_t* levels) {
  GroupBytes bytes{};
  std::memcpy(bytes.data(), from, m);
  HWY_DYNAMIC_DISPATCH(unpack_groups)(bytes.data(), 1, m, levels);
}

}  // namespace

void pack_trits(const std::int16_t* levels, std::size_t n, std::byte* to) {
  const std::size_t groups = n / kTritGroup, rest = n % kTritGroup, m = trit_bytes(rest);
  HWY_DYNAMIC_DISPATCH(pack_groups)(levels, groups, kTritGroup / 5, reinterpret_cast<std::uint8_t*>(to));
  if (rest == 0) return;
  Rows rows{};
  GroupBytes bytes;
  std::memcpy(rows.data(), levels + groups * kTritGroup, rest * sizeof(std::int16_t));
  HWY_DYNAMIC_DISPATCH(pack_groups)(rows.data(), 1, m, bytes.data());
  std::memcpy(to + groups * bytes.size(), bytes.data(), m);
}

void unpack_trits(const std::byte* from, std::size_t n, std::int16_t* levels) {
  const std::size_t groups = n / kTritGroup, m = trit_bytes(n % kTritGroup);
  HWY_DYNAMIC_DISPATCH(unpack_groups)
  (reinterpret_cast<const std::uint8_t*>(from), groups, kTritGroup / 5, levels);
  if (m > 0) unpack_rest(from + groups * (kTritGroup / 5), m, levels + groups * kTritGroup);
}

bool trits_are_valid(const std::byte* from, std::size_t n) {
  if (HWY_DYNAMIC_DISPATCH(largest_byte)(reinterpret_cast<const std::uint8_t*>(from), trit_bytes(n)) > kLargestCode)
    return false;
  const std::size_t rest = n % kTritGroup, m = trit_bytes(rest);
  if (rest == 5 * m) return true;
  Rows rows;
  unpack_rest(from + n / kTritGroup * (kTritGroup / 5), m, rows.data());
  return std::all_of(rows.begin() + static_cast<std::ptrdiff_t>(rest),
                     rows.begin() + static_cast<std::ptrdiff_t>(5 * m), [](std::int16_t level) { return level == 0; });
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
