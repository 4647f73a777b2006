#include "compression/kernels/levels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/levels.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include <cstring>

#include "compression/kernels/groups-inl.h"
#include "compression/kernels/philox-inl.h"
#include "compression/kernels/philox.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

/// The levels of Lanes(U32()) coordinates: rounded up where the fraction of a level is above u.
HWY_INLINE hn::Vec<hn::RebindToSigned<U32>> quantise_vector(hn::Vec<F32> x, hn::Vec<F32> u, const LevelGrid& grid) {
  const F32 d;
  const auto scaled = hn::Mul(hn::Mul(hn::Abs(x), hn::Set(d, grid.prescale)), hn::Set(d, grid.inverse));
  const auto r = hn::Min(scaled, hn::Set(d, grid.top));
  return small_integers(hn::CopySignToAbs(rounded_at(r, u), x));
}

HWY_INLINE void round_group(const float* x, const LevelGrid& grid, std::int16_t* levels) {
  const F32 d;
  const hn::Rebind<std::int16_t, F32> d16;
  for (std::size_t i = 0; i < kGroup; i += hn::Lanes(d)) {
    prefetch_ahead(x, i, hn::Lanes(d));
    const auto level = quantise_vector(hn::LoadU(d, x + i), hn::Set(d, 0.5f), grid);
    hn::StoreU(hn::DemoteTo(d16, level), d16, levels + i);
  }
}

void quantise(const float* x, std::size_t n, const LevelGrid& grid, const base::PhiloxInput& key,
              std::uint32_t first_block, std::int16_t* levels) {
  draw_levels(x, n, key, first_block, levels, [&grid](hn::Vec<F32> v, hn::Vec<U32> word) HWY_ATTR {
    return quantise_vector(v, uniform_of(word), grid);
  });
}

void round_to_levels(const float* x, std::size_t n, const LevelGrid& grid, std::int16_t* levels) {
  std::size_t i = 0;
  for (; i + kGroup <= n; i += kGroup) round_group(x + i, grid, levels + i);
  if (i == n) return;
  float rest[kGroup] = {};
  std::memcpy(rest, x + i, (n - i) * sizeof(float));
  round_group(rest, grid, levels + i);
}

void add_levels(const std::int16_t* levels, std::size_t n, float unit, float scale, float* y) {
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> di;
    const hn::Rebind<std::int16_t, decltype(d)> d16;
    prefetch_ahead(y, i, hn::MaxLanes(d));
    const auto level = hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(d16, levels + i)));
    const auto change = hn::Mul(hn::Set(d, scale), hn::Mul(hn::Set(d, unit), level));
    hn::StoreU(hn::Add(hn::LoadU(d, y + i), change), d, y + i);
  });
}

std::int16_t smallest_level(const std::int16_t* levels, std::size_t n) {
  const hn::CappedTag<std::int16_t, 32> d;
  auto smallest = hn::Zero(d);
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) smallest = hn::Min(smallest, hn::LoadU(d, levels + i));
  return hn::GetLane(hn::MinOfLanes(d, smallest));
}

std::int16_t largest_level(const std::int16_t* levels, std::size_t n) {
  const hn::CappedTag<std::int16_t, 32> d;
  auto largest = hn::Zero(d);
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) largest = hn::Max(largest, hn::LoadU(d, levels + i));
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

/// Codes of two bits: as nibbles, but once more.
void pack_pairs(const std::int16_t* levels, std::size_t n, std::uint8_t* to) {
  const U32 d;
  const hn::Rebind<std::uint16_t, U32> d_half;
  const hn::Repartition<std::uint32_t, decltype(d_half)> d_wide;
  const hn::Rebind<std::uint8_t, decltype(d_wide)> d8;
  const hn::Repartition<std::int16_t, U32> d16;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d16)) {
    const auto pair = hn::BitCast(d, hn::LoadU(d16, levels + i));
    const auto two = hn::Or(hn::And(pair, hn::Set(d, 0x3)), hn::And(hn::ShiftRight<14>(pair), hn::Set(d, 0xC)));
    const auto twos = hn::BitCast(d_wide, hn::TruncateTo(d_half, two));
    hn::StoreU(hn::TruncateTo(d8, hn::Or(twos, hn::ShiftRight<12>(twos))), d8, to + i / 4);
  }
}

void unpack_pairs(const std::uint8_t* from, std::size_t n, std::int16_t* levels) {
  const U32 d;
  const hn::Rebind<std::uint16_t, U32> d_half;
  const hn::Repartition<std::uint32_t, decltype(d_half)> d_wide;
  const hn::Rebind<std::uint8_t, decltype(d_wide)> d8;
  const hn::Repartition<std::int16_t, U32> d16;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d16)) {
    const auto byte = hn::PromoteTo(d_wide, hn::LoadU(d8, from + i / 4));
    const auto nibbles = hn::Or(hn::And(byte, hn::Set(d_wide, 0xF)), hn::ShiftLeft<16>(hn::ShiftRight<4>(byte)));
    const auto two = hn::PromoteTo(d, hn::BitCast(d_half, nibbles));
    const auto pair = hn::Or(hn::ShiftLeft<14>(two), hn::ShiftLeft<28>(two));  // each code at the top of its half
    hn::StoreU(hn::ShiftRight<14>(hn::BitCast(d16, pair)), d16, levels + i);
  }
}

/// Codes of four bits: two levels side by side are a lane of 32 bits, and become a byte of it.
void pack_nibbles(const std::int16_t* levels, std::size_t n, std::uint8_t* to) {
  const U32 d;
  const hn::Rebind<std::uint8_t, U32> d8;
  const hn::Repartition<std::int16_t, U32> d16;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d16)) {
    const auto pair = hn::BitCast(d, hn::LoadU(d16, levels + i));
    const auto low = hn::And(pair, hn::Set(d, 0xF));
    const auto high = hn::And(hn::ShiftRight<12>(pair), hn::Set(d, 0xF0));
    hn::StoreU(hn::TruncateTo(d8, hn::Or(low, high)), d8, to + i / 2);
  }
}

void unpack_nibbles(const std::uint8_t* from, std::size_t n, std::int16_t* levels) {
  const U32 d;
  const hn::Rebind<std::uint8_t, U32> d8;
  const hn::Repartition<std::int16_t, U32> d16;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d16)) {
    const auto byte = hn::PromoteTo(d, hn::LoadU(d8, from + i / 2));
    const auto pair = hn::Or(hn::ShiftLeft<12>(byte), hn::ShiftLeft<24>(byte));  // each code at the top of its half
    hn::StoreU(hn::ShiftRight<12>(hn::BitCast(d16, pair)), d16, levels + i);
  }
}

/// Codes of one bit: 1 for -1, 0 for 0.
void pack_bits(const std::int16_t* levels, std::size_t n, std::uint8_t* to) {
  const hn::CappedTag<std::int16_t, 32> d16;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d16)) {
    std::uint8_t bytes[8] = {};
    hn::StoreMaskBits(d16, hn::Lt(hn::LoadU(d16, levels + i), hn::Zero(d16)), bytes);
    std::memcpy(to + i / 8, bytes, hn::Lanes(d16) / 8);
  }
}

void unpack_bits(const std::uint8_t* from, std::size_t n, std::int16_t* levels) {
  const hn::CappedTag<std::int16_t, 32> d16;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d16)) {
    std::uint8_t bytes[8] = {};  // LoadMaskBits may read eight bytes from where it begins
    std::memcpy(bytes, from + i / 8, hn::Lanes(d16) / 8);
    hn::StoreU(hn::VecFromMask(d16, hn::LoadMaskBits(d16, bytes)), d16, levels + i);
  }
}

void pack_bytes(const std::int16_t* levels, std::size_t n, std::uint8_t* to) {
  const hn::CappedTag<std::int16_t, 32> d16;
  const hn::Rebind<std::int8_t, decltype(d16)> d8;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d16))
    hn::StoreU(hn::DemoteTo(d8, hn::LoadU(d16, levels + i)), d8, reinterpret_cast<std::int8_t*>(to) + i);
}

void unpack_bytes(const std::uint8_t* from, std::size_t n, std::int16_t* levels) {
  const hn::CappedTag<std::int16_t, 32> d16;
  const hn::Rebind<std::int8_t, decltype(d16)> d8;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d16))
    hn::StoreU(hn::PromoteTo(d16, hn::LoadU(d8, reinterpret_cast<const std::int8_t*>(from) + i)), d16, levels + i);
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <array>
#include <type_traits>
#include <utility>

#include "compression/kernels/bytes.h"

namespace parley::compression::kernels {

HWY_EXPORT(quantise);
HWY_EXPORT(round_to_levels);
HWY_EXPORT(add_levels);
HWY_EXPORT(smallest_level);
HWY_EXPORT(largest_level);
HWY_EXPORT(pack_pairs);
HWY_EXPORT(unpack_pairs);
HWY_EXPORT(pack_nibbles);
HWY_EXPORT(unpack_nibbles);
HWY_EXPORT(pack_bits);
HWY_EXPORT(unpack_bits);
HWY_EXPORT(pack_bytes);
HWY_EXPORT(unpack_bytes);

namespace {

/// Any width, eight codes at a time: they take exactly kBits bytes, four of them at most 64 bits.
template <unsigned kBits>
void pack_any(const std::int16_t* levels, std::size_t n, std::byte* to) {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << kBits) - 1;
  for (std::size_t i = 0; i < n; i += 8, to += kBits) {
    std::uint64_t first = 0, second = 0;
    for (unsigned j = 0; j < 4; ++j) {
      first |= (static_cast<std::uint16_t>(levels[i + j]) & kMask) << (kBits * j);
      second |= (static_cast<std::uint16_t>(levels[i + 4 + j]) & kMask) << (kBits * j);
    }
    std::array<std::uint64_t, 2> words = {first, second};
    if constexpr (kBits < 16) words = {first | (second << (4 * kBits)), second >> (64 - 4 * kBits)};
    std::memcpy(to, words.data(), kBits);
  }
}

/// Bytes from .. from + sizeof(Half) and the last sizeof(Half) of kBits, which overlap or touch, as one word.
template <unsigned kBits, class Half>
std::uint64_t load_overlapping(const std::byte* from) {
  const std::uint64_t low = load<Half>(from), high = load<Half>(from + kBits - sizeof(Half));
  return low | (high << (8 * (kBits - sizeof(Half))));
}

template <unsigned kBits>
void unpack_any(const std::byte* from, std::size_t n, std::int16_t* levels) {
  constexpr unsigned kUnused = 16 - kBits;
  const auto extend = [](std::uint64_t code) {
    return static_cast<std::int16_t>(static_cast<std::int16_t>(static_cast<std::uint16_t>(code << kUnused)) >> kUnused);
  };
  for (std::size_t i = 0; i < n; i += 8, from += kBits) {
    // Not through an array of bytes: to load a word from just stored bytes takes long.
    std::uint64_t first, second;
    if constexpr (kBits == 1) {
      first = load<std::uint8_t>(from);
      second = first >> 4;
    } else if constexpr (kBits < 8) {
      first = load_overlapping<kBits, std::conditional_t<(kBits < 4), std::uint16_t, std::uint32_t>>(from);
      second = first >> (4 * kBits);
    } else {
      first = load<std::uint64_t>(from);
      second = load<std::uint64_t>(from + kBits - 8) >> (64 - 4 * kBits);
    }
    for (unsigned j = 0; j < 4; ++j) {
      levels[i + j] = extend(first >> (kBits * j));
      levels[i + 4 + j] = extend(second >> (kBits * j));
    }
  }
}

constexpr unsigned kFewestBits = 1, kMostBits = 16;

template <unsigned... kOffset>
constexpr auto packers(std::integer_sequence<unsigned, kOffset...>) {
  return std::array{&pack_any<kFewestBits + kOffset>...};
}
template <unsigned... kOffset>
constexpr auto unpackers(std::integer_sequence<unsigned, kOffset...>) {
  return std::array{&unpack_any<kFewestBits + kOffset>...};
}
using Widths = std::make_integer_sequence<unsigned, kMostBits - kFewestBits + 1>;
constexpr auto kPackers = packers(Widths());
constexpr auto kUnpackers = unpackers(Widths());

/// `n` is a multiple of kGroup.
void pack_groups(const std::int16_t* levels, std::size_t n, unsigned bits, std::byte* to) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(to);
  switch (bits) {
    case 1:
      return HWY_DYNAMIC_DISPATCH(pack_bits)(levels, n, bytes);
    case 2:
      return HWY_DYNAMIC_DISPATCH(pack_pairs)(levels, n, bytes);
    case 4:
      return HWY_DYNAMIC_DISPATCH(pack_nibbles)(levels, n, bytes);
    case 8:
      return HWY_DYNAMIC_DISPATCH(pack_bytes)(levels, n, bytes);
    case 16:
      std::memcpy(to, levels, n * sizeof *levels);
      return;
    default:
      return kPackers[bits - kFewestBits](levels, n, to);
  }
}

void unpack_groups(const std::byte* from, std::size_t n, unsigned bits, std::int16_t* levels) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(from);
  switch (bits) {
    case 1:
      return HWY_DYNAMIC_DISPATCH(unpack_bits)(bytes, n, levels);
    case 2:
      return HWY_DYNAMIC_DISPATCH(unpack_pairs)(bytes, n, levels);
    case 4:
      return HWY_DYNAMIC_DISPATCH(unpack_nibbles)(bytes, n, levels);
    case 8:
      return HWY_DYNAMIC_DISPATCH(unpack_bytes)(bytes, n, levels);
    case 16:
      std::memcpy(levels, from, n * sizeof *levels);
      return;
    default:
      return kUnpackers[bits - kFewestBits](from, n, levels);
  }
}

constexpr std::size_t kLargestGroup = 2 * kGroup;  // bytes of a group's codes at 16 bits

}  // namespace

void quantise(const float* x, std::size_t n, const LevelGrid& grid, const base::PhiloxInput& key,
              std::uint32_t first_block, std::int16_t* levels) {
  HWY_DYNAMIC_DISPATCH(quantise)(x, n, grid, key, first_block, levels);
}

void round_to_levels(const float* x, std::size_t n, const LevelGrid& grid, std::int16_t* levels) {
  HWY_DYNAMIC_DISPATCH(round_to_levels)(x, n, grid, levels);
}

void add_levels(const std::int16_t* levels, std::size_t n, float unit, float scale, float* y) {
  HWY_DYNAMIC_DISPATCH(add_levels)(levels, n, unit, scale, y);
}

void pack_levels(const std::int16_t* levels, std::size_t n, unsigned bits, std::byte* to) {
  const std::size_t whole = n / kGroup * kGroup;
  pack_groups(levels, whole, bits, to);
  if (whole == n) return;
  std::array<std::byte, kLargestGroup> rest;
  pack_groups(levels + whole, kGroup, bits, rest.data());
  std::memcpy(to + whole / 8 * bits, rest.data(), ((n - whole) * bits + 7) / 8);
}

void unpack_levels(const std::byte* from, std::size_t n, unsigned bits, std::int16_t* levels) {
  const std::size_t whole = n / kGroup * kGroup;
  unpack_groups(from, whole, bits, levels);
  if (whole == n) return;
  std::array<std::byte, kLargestGroup> rest{};
  std::memcpy(rest.data(), from + whole / 8 * bits, ((n - whole) * bits + 7) / 8);
  unpack_groups(rest.data(), kGroup, bits, levels + whole);
}

std::int16_t smallest_level(const std::int16_t* levels, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(smallest_level)(levels, (n + kGroup - 1) / kGroup * kGroup);
}

std::int16_t largest_level(const std::int16_t* levels, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(largest_level)(levels, (n + kGroup - 1) / kGroup * kGroup);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
