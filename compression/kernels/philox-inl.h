// Philox4x32-10 on as many blocks at once as there are lanes, compiled once for every SIMD target.
#if defined(PARLEY_COMPRESSION_KERNELS_PHILOX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PARLEY_COMPRESSION_KERNELS_PHILOX_INL_H_
#undef PARLEY_COMPRESSION_KERNELS_PHILOX_INL_H_
#else
#define PARLEY_COMPRESSION_KERNELS_PHILOX_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "compression/kernels/vector_loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

using U32 = hn::CappedTag<std::uint32_t, 16>;
using U64 = hn::RepartitionToWide<U32>;

/// Every word sits in the low half of a 64-bit lane, because there the product of two words lies ready as the next two
/// words: its upper half after a shift, its lower half as it is. What then stands in the upper half is never looked at.
struct PhiloxWords {
  hn::Vec<U64> c0, c1, c2, c3;
};

HWY_INLINE void philox_round(PhiloxWords& w, hn::Vec<U64> key0, hn::Vec<U64> key1) {
  const U32 d32;
  const auto product0 = hn::MulEven(hn::BitCast(d32, w.c0), hn::Set(d32, 0xD2511F53u));
  const auto product1 = hn::MulEven(hn::BitCast(d32, w.c2), hn::Set(d32, 0xCD9E8D57u));
  w.c0 = hn::Xor3(hn::ShiftRight<32>(product1), w.c1, key0);
  w.c2 = hn::Xor3(hn::ShiftRight<32>(product0), w.c3, key1);
  w.c1 = product1;
  w.c3 = product0;
}

/// What all blocks of a stream have in common. In memory, from where vectors take their operands: broadcasting each key
/// from a register would take a fifth of the time.
struct PhiloxKeys {
  explicit PhiloxKeys(const base::PhiloxInput& key) : counters{key.counter1, key.counter2, key.counter3} {
    std::uint32_t key0 = key.key0, key1 = key.key1;
    for (std::size_t round = 0; round < kRounds; ++round) {
      keys[round][0] = key0;
      keys[round][1] = key1;
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
  }

  static constexpr std::size_t kRounds = 10;
  std::uint64_t counters[3];
  std::uint64_t keys[kRounds][2];
};

/// All ten rounds of consecutive blocks.
HWY_INLINE PhiloxWords philox_of(const PhiloxKeys& key, hn::Vec<U64> blocks) {
  const U64 d64;
  PhiloxWords words{blocks, hn::Set(d64, key.counters[0]), hn::Set(d64, key.counters[1]),
                    hn::Set(d64, key.counters[2])};
  for (const auto& round : key.keys) philox_round(words, hn::Set(d64, round[0]), hn::Set(d64, round[1]));
  return words;
}

/// The words that rounding draws (see philox.h) for Lanes(U32()) coordinates of a group: lane i of words[j] is that of
/// coordinate 16 j + l + i.
HWY_INLINE void rounding_words(const PhiloxKeys& key, std::uint32_t first_block, std::size_t l,
                               hn::Vec<U32> (&words)[4]) {
  const U64 d64;
  const hn::Repartition<std::uint8_t, U64> d8;
  const auto first = hn::Set(d64, first_block + static_cast<std::uint32_t>(l / 2));
  const PhiloxWords drawn = philox_of(key, hn::Add(first, hn::Iota(d64, 0)));
  // The word in the low half stays there; its halves, exchanged, go to the upper half.
  alignas(16) constexpr std::uint8_t kAndRotated[16] = {0, 1, 2, 3, 2, 3, 0, 1, 8, 9, 10, 11, 10, 11, 8, 9};
  const auto order = hn::LoadDup128(d8, kAndRotated);
  const auto both = [&](hn::Vec<U64> word)
                        HWY_ATTR { return hn::BitCast(U32(), hn::TableLookupBytes(hn::BitCast(d8, word), order)); };
  words[0] = both(drawn.c0);
  words[1] = both(drawn.c1);
  words[2] = both(drawn.c2);
  words[3] = both(drawn.c3);
}

/// The words of Lanes(U32()) consecutive blocks: lane l of words[j] is word j of block first + l.
HWY_INLINE void philox_blocks(const PhiloxKeys& key, std::uint32_t first, hn::Vec<U32> (&words)[4]) {
  const U32 d32;
  const U64 d64;
  const auto blocks = hn::Add(hn::Set(d64, first), hn::Add(hn::Iota(d64, 0), hn::Iota(d64, 0)));
  const PhiloxWords even = philox_of(key, blocks), odd = philox_of(key, hn::Add(blocks, hn::Set(d64, 1)));
  const auto join = [&](hn::Vec<U64> low, hn::Vec<U64> high) HWY_ATTR {
    return hn::OddEven(hn::BitCast(d32, hn::ShiftLeft<32>(high)), hn::BitCast(d32, low));
  };
  words[0] = join(even.c0, odd.c0);
  words[1] = join(even.c1, odd.c1);
  words[2] = join(even.c2, odd.c2);
  words[3] = join(even.c3, odd.c3);
}

/// Whole floats of magnitudes up to 2^22 as integers: the low bits of their sum with 1.5 * 2^23. A conversion would
/// look for overflow.
HWY_INLINE hn::Vec<hn::RebindToSigned<U32>> small_integers(hn::Vec<F32> whole) {
  const F32 d;
  const hn::RebindToSigned<U32> di;
  return hn::Sub(hn::BitCast(di, hn::Add(whole, hn::Set(d, 0x1.8p23f))), hn::Set(di, 0x4B400000));
}

/// r >= 0 rounded to the whole number below, or to the one above where u is below the fraction.
HWY_INLINE hn::Vec<F32> rounded_at(hn::Vec<F32> r, hn::Vec<F32> u) {
  const F32 d;
  const auto floor = hn::Floor(r);
  return hn::Add(floor, hn::IfThenElseZero(hn::Lt(u, hn::Sub(r, floor)), hn::Set(d, 1.0f)));
}

/// The upper 24 bits of each word as a number of [0, 1).
HWY_INLINE hn::Vec<F32> uniform_of(hn::Vec<U32> word) {
  const F32 d;
  const hn::RebindToSigned<U32> di;
  return hn::Mul(hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<8>(word))), hn::Set(d, 0x1p-24f));
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
