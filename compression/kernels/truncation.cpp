#include "compression/kernels/truncation.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/truncation.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include "compression/kernels/vector_loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

std::uint32_t truncate_floats(const float* x, std::size_t n, unsigned bits, std::uint32_t* codes) {
  LargestMagnitude largest;
  const int shift = 32 - static_cast<int>(bits);
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    const hn::RebindToUnsigned<decltype(d)> du;
    prefetch_ahead(x, i, hn::MaxLanes(d));
    const auto v = hn::LoadU(d, x + i);
    largest.see(d, magnitude_bits(d, v));
    hn::StoreU(hn::ShiftRightSame(hn::BitCast(du, v), shift), du, codes + i);
  });
  return largest.bits();
}

std::uint32_t largest_code(const std::uint32_t* codes, std::size_t n, unsigned bits) {
  LargestMagnitude largest;
  const auto mask = static_cast<std::int32_t>((std::uint32_t{1} << (bits - 1)) - 1);
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    const hn::RebindToUnsigned<decltype(d)> du;
    const hn::RebindToSigned<decltype(d)> di;
    largest.see(d, hn::And(hn::BitCast(di, hn::LoadU(du, codes + i)), hn::Set(di, mask)));
  });
  return largest.bits();
}

void add_truncated(const std::uint32_t* codes, std::size_t n, unsigned bits, float scale, float* y) {
  const int shift = 32 - static_cast<int>(bits);
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    const hn::RebindToUnsigned<decltype(d)> du;
    prefetch_ahead(y, i, hn::MaxLanes(d));
    const auto value = hn::BitCast(d, hn::ShiftLeftSame(hn::LoadU(du, codes + i), shift));
    hn::StoreU(hn::Add(hn::LoadU(d, y + i), hn::Mul(hn::Set(d, scale), value)), d, y + i);
  });
}

/// Codes of 16 bits, which are the upper halves of floats.
void pack_halves(const std::uint32_t* codes, std::size_t n, std::uint16_t* to) {
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    const hn::RebindToUnsigned<decltype(d)> du;
    const hn::Rebind<std::uint16_t, decltype(d)> d16;
    hn::StoreU(hn::TruncateTo(d16, hn::LoadU(du, codes + i)), d16, to + i);
  });
}

void unpack_halves(const std::uint16_t* from, std::size_t n, std::uint32_t* codes) {
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    const hn::RebindToUnsigned<decltype(d)> du;
    const hn::Rebind<std::uint16_t, decltype(d)> d16;
    hn::StoreU(hn::PromoteTo(du, hn::LoadU(d16, from + i)), du, codes + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <array>
#include <cstring>
#include <utility>

#include "compression/kernels/bytes.h"

namespace parley::compression::kernels {

HWY_EXPORT(truncate_floats);
HWY_EXPORT(largest_code);
HWY_EXPORT(add_truncated);
HWY_EXPORT(pack_halves);
HWY_EXPORT(unpack_halves);

namespace {

constexpr unsigned kFewestBits = 9, kMostBits = 24;
constexpr std::size_t kEight = 8;  // codes that take as many bytes as a code has bits

/// Eight codes, one after the other in three words.
template <unsigned kBits, std::size_t... kIndex>
std::array<std::uint64_t, 3> joined(const std::uint32_t* codes, std::index_sequence<kIndex...>) {
  std::array<std::uint64_t, 4> words{};
  const auto put = [&]<std::size_t kAt>(std::integral_constant<std::size_t, kAt>) {
    constexpr std::size_t kBit = kAt * kBits;
    const std::uint64_t code = codes[kAt];
    words[kBit / 64] |= code << (kBit % 64);
    if constexpr (kBit % 64 + kBits > 64) words[kBit / 64 + 1] |= code >> (64 - kBit % 64);
  };
  (put(std::integral_constant<std::size_t, kIndex>()), ...);
  return {words[0], words[1], words[2]};
}

template <unsigned kBits>
void pack_eights(const std::uint32_t* codes, std::size_t n, std::byte* to) {
  for (std::size_t i = 0; i < n; i += kEight, to += kBits) {
    const auto words = joined<kBits>(codes + i, std::make_index_sequence<kEight>());
    std::memcpy(to, words.data(), kBits);
  }
}

/// Reads up to three bytes past the codes.
template <unsigned kBits>
void unpack_eights(const std::byte* from, std::size_t n, std::uint32_t* codes) {
  constexpr std::uint32_t kMask = (std::uint32_t{1} << kBits) - 1;
  for (std::size_t i = 0; i < n; i += kEight, from += kBits) {
    for (std::size_t j = 0; j < kEight; ++j)
      codes[i + j] = (load<std::uint32_t>(from + j * kBits / 8) >> (j * kBits % 8)) & kMask;
  }
}

template <unsigned... kOffset>
constexpr auto packers(std::integer_sequence<unsigned, kOffset...>) {
  return std::array{&pack_eights<kFewestBits + kOffset>...};
}
template <unsigned... kOffset>
constexpr auto unpackers(std::integer_sequence<unsigned, kOffset...>) {
  return std::array{&unpack_eights<kFewestBits + kOffset>...};
}
using Widths = std::make_integer_sequence<unsigned, kMostBits - kFewestBits + 1>;
constexpr auto kPackers = packers(Widths());
constexpr auto kUnpackers = unpackers(Widths());

}  // namespace

std::uint32_t truncate_floats(const float* x, std::size_t n, unsigned bits, std::uint32_t* codes) {
  return HWY_DYNAMIC_DISPATCH(truncate_floats)(x, n, bits, codes);
}

std::uint32_t largest_code(const std::uint32_t* codes, std::size_t n, unsigned bits) {
  return HWY_DYNAMIC_DISPATCH(largest_code)(codes, n, bits);
}

void add_truncated(const std::uint32_t* codes, std::size_t n, unsigned bits, float scale, float* y) {
  HWY_DYNAMIC_DISPATCH(add_truncated)(codes, n, bits, scale, y);
}

void pack_codes(const std::uint32_t* codes, std::size_t n, unsigned bits, std::byte* to) {
  if (bits == 16) return HWY_DYNAMIC_DISPATCH(pack_halves)(codes, n, reinterpret_cast<std::uint16_t*>(to));
  const std::size_t whole = n / kEight * kEight;
  const auto pack = kPackers[bits - kFewestBits];
  pack(codes, whole, to);
  if (whole == n) return;
  std::array<std::uint32_t, kEight> rest{};
  std::array<std::byte, kMostBits> bytes;
  std::copy(codes + whole, codes + n, rest.begin());
  pack(rest.data(), kEight, bytes.data());
  std::memcpy(to + whole / 8 * bits, bytes.data(), ((n - whole) * bits + 7) / 8);
}

void unpack_codes(const std::byte* from, std::size_t n, unsigned bits, std::uint32_t* codes) {
  if (bits == 16) return HWY_DYNAMIC_DISPATCH(unpack_halves)(reinterpret_cast<const std::uint16_t*>(from), n, codes);
  // The last eight, whole or not, through a copy that may be read past.
  const std::size_t before = n == 0 ? 0 : (n - 1) / kEight * kEight;
  const auto unpack = kUnpackers[bits - kFewestBits];
  unpack(from, before, codes);
  std::array<std::byte, kMostBits + 4> bytes{};
  std::array<std::uint32_t, kEight> rest;
  std::memcpy(bytes.data(), from + before / 8 * bits, ((n - before) * bits + 7) / 8);
  unpack(bytes.data(), kEight, rest.data());
  std::copy_n(rest.begin(), n - before, codes + before);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
