#include "compression/kernels/signs.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/signs.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include <cstdint>
#include <cstring>
#include <limits>

#include "compression/kernels/philox-inl.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/scan-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

/// Bit i is 1 where x_i < 0, of the Lanes(d) floats at x, at most 16.
template <class D, class Watch>
HWY_INLINE unsigned sign_bits(D d, const float* x, Watch& watch) {
  std::uint8_t bytes[8] = {};
  const auto v = hn::LoadU(d, x);
  watch.see(d, v);
  hn::StoreMaskBits(d, hn::Lt(v, hn::Zero(d)), bytes);
  return bytes[0] | (static_cast<unsigned>(bytes[1]) << 8);
}

template <class Watch>
HWY_INLINE void pack_bits(const float* x, std::size_t n, std::uint8_t* to, Watch& watch) {
  const F32 d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    prefetch_ahead(x, i, 16);
    unsigned bits = 0;
    for (std::size_t j = 0; j < 16; j += lanes) bits |= sign_bits(d, x + i + j, watch) << j;
    const auto word = static_cast<std::uint16_t>(bits);
    std::memcpy(to + i / 8, &word, sizeof word);
  }
  const hn::CappedTag<float, 1> one;
  for (; i < n; i += 8) {
    unsigned bits = 0;
    for (std::size_t j = i; j < n && j < i + 8; ++j) {
      watch.see(one, hn::LoadU(one, x + j));
      bits |= (x[j] < 0 ? 1u : 0u) << (j - i);
    }
    to[i / 8] = static_cast<std::uint8_t>(bits);
  }
}

std::uint32_t pack_sign_bits(const float* x, std::size_t n, std::uint8_t* to) {
  WatchLargest<F32> largest;
  pack_bits(x, n, to, largest);
  return largest.bits();
}

/// The bits of kGroup coordinates.
HWY_INLINE std::uint64_t random_sign_bits(const float* x, float steepness, const PhiloxKeys& key,
                                          std::uint32_t first_block, WatchLargest<F32>& largest) {
  const F32 d;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<U32> words[4];
  std::uint64_t bits = 0;
  for (std::size_t l = 0; l < kBlocksPerGroup; l += lanes) {
    philox_blocks(key, first_block + static_cast<std::uint32_t>(l), words);
    for (std::size_t j = 0; j < 4; ++j) {
      const std::size_t at = kBlocksPerGroup * j + l;
      prefetch_ahead(x, at, lanes);
      const auto v = hn::LoadU(d, x + at);
      largest.see(d, v);
      const auto positive = hn::Add(hn::Mul(v, hn::Set(d, steepness)), hn::Set(d, 0.5f));
      std::uint8_t bytes[8] = {};
      hn::StoreMaskBits(d, hn::Ge(uniform_of(words[j]), positive), bytes);
      bits |= static_cast<std::uint64_t>(bytes[0] | (static_cast<unsigned>(bytes[1]) << 8)) << at;
    }
  }
  return bits;
}

std::uint32_t pack_random_sign_bits(const float* x, std::size_t n, float steepness, const base::PhiloxInput& key,
                                    std::uint8_t* to) {
  const PhiloxKeys keys(key);
  WatchLargest<F32> largest;
  std::size_t i = 0;
  std::uint32_t block = 0;
  for (; i + kGroup <= n; i += kGroup, block += kBlocksPerGroup) {
    const std::uint64_t bits = random_sign_bits(x + i, steepness, keys, block, largest);
    std::memcpy(to + i / 8, &bits, sizeof bits);
  }
  if (i < n) {
    float rest[kGroup] = {};
    std::memcpy(rest, x + i, (n - i) * sizeof(float));
    const std::uint64_t bits =
        random_sign_bits(rest, steepness, keys, block, largest) & ((std::uint64_t{1} << (n - i)) - 1);
    std::memcpy(to + i / 8, &bits, (n - i + 7) / 8);
  }
  return largest.bits();
}

/// Packs the signs of what a sum sees, eight to a byte.
class WatchSigns {
 public:
  HWY_INLINE explicit WatchSigns(std::uint8_t* to) : to_(to) {}

  template <class D, class V>
  HWY_INLINE void see(D d, V floats) {
    std::uint8_t bytes[8] = {};
    hn::StoreMaskBits(d, hn::Lt(floats, hn::Zero(d)), bytes);
    if constexpr (hn::MaxLanes(D()) == 8) {
      *to_++ = bytes[0];
    } else {
      bits_ |= static_cast<unsigned>(bytes[0]) << count_;
      count_ += hn::MaxLanes(D());
      if (count_ == 8) flush();
    }
  }

  /// Writes what is left of a last byte.
  HWY_INLINE void flush() {
    if (count_ > 0) *to_++ = static_cast<std::uint8_t>(bits_);
    bits_ = 0;
    count_ = 0;
  }

 private:
  std::uint8_t* to_;
  unsigned bits_ = 0;
  std::size_t count_ = 0;
};

double pack_and_sum(const float* x, std::size_t n, std::uint8_t* to) {
  WatchSigns signs(to);
  const double sum = fixed_order_sum(x, n, Magnitude(), signs);
  signs.flush();
  return sum;
}

/// The sums of up to kSumChunk coordinates on either side of zero, in the order of scan.h.
HWY_INLINE SumsBySign chunk_sums_by_sign(const float* x, std::size_t n, std::uint8_t* to) {
  const hn::CappedTag<double, 8> d;
  const SumF32 from;
  constexpr std::size_t kLanes = hn::MaxLanes(d), kParts = kPartialSums / kLanes;
  WatchSigns signs(to);
  WatchLargest<SumF32> largest;
  hn::Vec<decltype(d)> above[kParts], below[kParts];
  for (auto& sum : above) sum = hn::Zero(d);
  for (auto& sum : below) sum = hn::Zero(d);
  std::size_t i = 0;
  for (; i + kPartialSums <= n; i += kPartialSums) {
    prefetch_ahead(x, i, kPartialSums);
    for (std::size_t part = 0; part < kParts; ++part) {
      const auto floats = hn::LoadU(from, x + i + part * kLanes);
      signs.see(from, floats);
      largest.see(from, floats);
      const auto v = hn::PromoteTo(d, floats);
      above[part] = hn::Add(above[part], PositivePart()(v));
      below[part] = hn::Add(below[part], NegativePart()(v));
    }
  }
  double positive[kPartialSums], negative[kPartialSums];
  for (std::size_t part = 0; part < kParts; ++part) {
    hn::StoreU(above[part], d, positive + part * kLanes);
    hn::StoreU(below[part], d, negative + part * kLanes);
  }
  const hn::CappedTag<float, 1> one;
  for (std::size_t j = 0; i < n; ++i, ++j) {
    signs.see(one, hn::LoadU(one, x + i));
    largest.see(one, hn::LoadU(one, x + i));
    positive[j] += PositivePart()(static_cast<double>(x[i]));
    negative[j] += NegativePart()(static_cast<double>(x[i]));
  }
  signs.flush();
  return {halved(positive), halved(negative), largest.bits()};
}

SumsBySign sums_by_sign(const float* x, std::size_t n, std::uint8_t* to) {
  SumsBySign sums{0, 0, 0};
  for (std::size_t i = 0; i < n; i += kSumChunk) {
    const SumsBySign chunk = chunk_sums_by_sign(x + i, std::min(kSumChunk, n - i), to + i / 8);
    sums = {sums.positive + chunk.positive, sums.negative + chunk.negative,
            std::max(sums.largest_bits, chunk.largest_bits)};
  }
  return sums;
}

/// scale(x, n, bits) packs the signs of a block and returns its scale, not finite if a coordinate is not.
template <class Scale>
HWY_INLINE bool to_scaled_signs(const float* x, std::size_t n, std::size_t block, std::uint8_t* to, Scale scale) {
  for (std::size_t i = 0; i < n; i += block) {
    const std::size_t length = std::min(block, n - i);
    const double exact = scale(x + i, length, to + sizeof(float));
    if (!(exact <= std::numeric_limits<double>::max())) return false;
    const auto alpha = static_cast<float>(std::min<double>(exact, std::numeric_limits<float>::max()));
    if (alpha < std::numeric_limits<float>::min()) {
      std::memset(to, 0, sign_block_size(length));
    } else {
      std::memcpy(to, &alpha, sizeof alpha);
    }
    to += sign_block_size(length);
  }
  return true;
}

bool to_signs(const float* x, std::size_t n, std::size_t block, std::uint8_t* to) {
  return to_scaled_signs(x, n, block, to, [](const float* from, std::size_t length, std::uint8_t* bits) HWY_ATTR {
    return pack_and_sum(from, length, bits) / static_cast<double>(length);
  });
}

bool to_curved_signs(const float* x, std::size_t n, std::size_t block, double limit, std::uint8_t* to) {
  return to_scaled_signs(x, n, block, to, [limit](const float* from, std::size_t length, std::uint8_t* bits) HWY_ATTR {
    const double sum = pack_and_sum(from, length, bits);
    const double mean = sum / static_cast<double>(length);
    if (!(sum > 0)) return sum;  // 0 or NaN
    const double weighted = fixed_order_sum(from, length, Square()) / sum;
    return std::max(mean, std::min(weighted, limit * mean));
  });
}

/// y_i += plus(d, i), or minus(d, i) where bit i is 1.
template <class Plus, class Minus>
HWY_INLINE void add_by_bit(const std::uint8_t* bits, std::size_t n, const Plus& plus, const Minus& minus, float* y) {
  const F32 d;
  const hn::CappedTag<float, 1> one;
  const std::size_t lanes = hn::Lanes(d);
  std::uint8_t word[16] = {};  // LoadMaskBits may read eight bytes from where it begins
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    prefetch_ahead(y, i, 16);
    const unsigned both = bits[i / 8] | (static_cast<unsigned>(bits[i / 8 + 1]) << 8);
    for (std::size_t j = 0; j < 16; j += lanes) {
      const auto here = static_cast<std::uint16_t>(both >> j);
      std::memcpy(word, &here, sizeof here);
      const auto change = hn::IfThenElse(hn::LoadMaskBits(d, word), minus(d, i + j), plus(d, i + j));
      hn::StoreU(hn::Add(hn::LoadU(d, y + i + j), change), d, y + i + j);
    }
  }
  for (; i < n; ++i) y[i] += hn::GetLane(((bits[i / 8] >> (i % 8)) & 1) != 0 ? minus(one, i) : plus(one, i));
}

HWY_INLINE void add_block(const std::uint8_t* bits, std::size_t n, float plus, float minus, float* y) {
  add_by_bit(
      bits, n, [plus](auto d, std::size_t) HWY_ATTR { return hn::Set(d, plus); },
      [minus](auto d, std::size_t) HWY_ATTR { return hn::Set(d, minus); }, y);
}

void add_signs(const std::uint8_t* from, std::size_t n, std::size_t block, float scale, float* y) {
  for (std::size_t i = 0; i < n; i += block) {
    const std::size_t length = std::min(block, n - i);
    float alpha;
    std::memcpy(&alpha, from, sizeof alpha);
    if (alpha > 0) add_block(from + sizeof alpha, length, scale * alpha, -(scale * alpha), y + i);
    from += sign_block_size(length);
  }
}

void add_sign_bits(const std::uint8_t* bits, std::size_t n, float plus, float minus, float* y) {
  add_block(bits, n, plus, minus, y);
}

void add_sign_bits_of_each(const std::uint8_t* bits, std::size_t n, const float* plus, const float* minus, float* y) {
  add_by_bit(
      bits, n, [plus](auto d, std::size_t i) HWY_ATTR { return hn::LoadU(d, plus + i); },
      [minus](auto d, std::size_t i) HWY_ATTR { return hn::LoadU(d, minus + i); }, y);
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <bit>

#include "compression/kernels/bytes.h"

namespace parley::compression::kernels {

HWY_EXPORT(to_signs);
HWY_EXPORT(to_curved_signs);
HWY_EXPORT(add_signs);
HWY_EXPORT(pack_sign_bits);
HWY_EXPORT(pack_random_sign_bits);
HWY_EXPORT(add_sign_bits);
HWY_EXPORT(add_sign_bits_of_each);
HWY_EXPORT(sums_by_sign);
HWY_EXPORT(pack_and_sum);

bool to_signs(const float* x, std::size_t n, std::size_t block, std::byte* to) {
  return HWY_DYNAMIC_DISPATCH(to_signs)(x, n, block, reinterpret_cast<std::uint8_t*>(to));
}

bool to_curved_signs(const float* x, std::size_t n, std::size_t block, double limit, std::byte* to) {
  return HWY_DYNAMIC_DISPATCH(to_curved_signs)(x, n, block, limit, reinterpret_cast<std::uint8_t*>(to));
}

void add_signs(const std::byte* from, std::size_t n, std::size_t block, float scale, float* y) {
  HWY_DYNAMIC_DISPATCH(add_signs)(reinterpret_cast<const std::uint8_t*>(from), n, block, scale, y);
}

std::uint32_t pack_sign_bits(const float* x, std::size_t n, std::byte* to) {
  return HWY_DYNAMIC_DISPATCH(pack_sign_bits)(x, n, reinterpret_cast<std::uint8_t*>(to));
}

std::uint32_t pack_random_sign_bits(const float* x, std::size_t n, float steepness, const base::PhiloxInput& key,
                                    std::byte* to) {
  return HWY_DYNAMIC_DISPATCH(pack_random_sign_bits)(x, n, steepness, key, reinterpret_cast<std::uint8_t*>(to));
}

void add_sign_bits(const std::byte* bits, std::size_t n, float plus, float minus, float* y) {
  HWY_DYNAMIC_DISPATCH(add_sign_bits)(reinterpret_cast<const std::uint8_t*>(bits), n, plus, minus, y);
}

void add_sign_bits(const std::byte* bits, std::size_t n, const float* plus, const float* minus, float* y) {
  HWY_DYNAMIC_DISPATCH(add_sign_bits_of_each)(reinterpret_cast<const std::uint8_t*>(bits), n, plus, minus, y);
}

SumsBySign sums_by_sign(const float* x, std::size_t n, std::byte* to) {
  return HWY_DYNAMIC_DISPATCH(sums_by_sign)(x, n, reinterpret_cast<std::uint8_t*>(to));
}

double pack_and_sum(const float* x, std::size_t n, std::byte* to) {
  return HWY_DYNAMIC_DISPATCH(pack_and_sum)(x, n, reinterpret_cast<std::uint8_t*>(to));
}

std::size_t count_ones(const std::byte* bytes, std::size_t n) {
  std::size_t ones = 0, i = 0;
  for (; i + 8 <= n; i += 8) ones += static_cast<std::size_t>(std::popcount(load<std::uint64_t>(bytes + i)));
  for (; i < n; ++i) ones += static_cast<std::size_t>(std::popcount(load<std::uint8_t>(bytes + i)));
  return ones;
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
