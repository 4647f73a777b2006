// Maxima and sums, compiled once for every SIMD target, for kernels that need them block by block.
#if defined(PARLEY_COMPRESSION_KERNELS_SCAN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PARLEY_COMPRESSION_KERNELS_SCAN_INL_H_
#undef PARLEY_COMPRESSION_KERNELS_SCAN_INL_H_
#else
#define PARLEY_COMPRESSION_KERNELS_SCAN_INL_H_
#endif

#include <cmath>

#include "compression/kernels/scan.h"
#include "compression/kernels/vector_loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

HWY_INLINE std::uint32_t max_magnitude(const float* x, std::size_t n) {
  const F32 d;
  const hn::RebindToSigned<F32> di;
  const std::size_t lanes = hn::Lanes(d);
  // Four maxima, so that the loop waits for memory and not for the last maximum.
  auto m0 = hn::Zero(di), m1 = m0, m2 = m0, m3 = m0;
  std::size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    for (std::size_t j = 0; j < 4 * lanes; j += lanes) prefetch_ahead(x, i + j, lanes);
    m0 = hn::Max(m0, magnitude_bits(d, hn::LoadU(d, x + i)));
    m1 = hn::Max(m1, magnitude_bits(d, hn::LoadU(d, x + i + lanes)));
    m2 = hn::Max(m2, magnitude_bits(d, hn::LoadU(d, x + i + 2 * lanes)));
    m3 = hn::Max(m3, magnitude_bits(d, hn::LoadU(d, x + i + 3 * lanes)));
  }
  for (; i + lanes <= n; i += lanes) m0 = hn::Max(m0, magnitude_bits(d, hn::LoadU(d, x + i)));
  std::int32_t largest = hn::GetLane(hn::MaxOfLanes(di, hn::Max(hn::Max(m0, m1), hn::Max(m2, m3))));
  for (const hn::CappedTag<float, 1> one; i < n; ++i)
    largest = std::max(largest, hn::GetLane(magnitude_bits(one, hn::LoadU(one, x + i))));
  return static_cast<std::uint32_t>(largest);
}

struct Magnitude {
  template <class V>
  HWY_INLINE V operator()(V v) const {
    return hn::Abs(v);
  }
  HWY_INLINE double operator()(double v) const { return std::abs(v); }
};

/// The floats that become as many doubles as fixed_order_sum takes at once.
using SumF32 = hn::Rebind<float, hn::CappedTag<double, 8>>;

struct PositivePart {
  template <class V>
  HWY_INLINE V operator()(V v) const {
    return hn::Max(v, hn::Zero(hn::DFromV<V>()));
  }
  HWY_INLINE double operator()(double v) const { return v > 0 ? v : 0; }
};

struct NegativePart {
  template <class V>
  HWY_INLINE V operator()(V v) const {
    return hn::Min(v, hn::Zero(hn::DFromV<V>()));
  }
  HWY_INLINE double operator()(double v) const { return v < 0 ? v : 0; }
};

struct Square {
  template <class V>
  HWY_INLINE V operator()(V v) const {
    return hn::Mul(v, v);
  }
  HWY_INLINE double operator()(double v) const { return v * v; }
};

constexpr std::size_t kPartialSums = 16;

/// The first of the partial sums after halving.
HWY_INLINE double halved(double (&partial)[kPartialSums]) {
  for (std::size_t half = kPartialSums / 2; half > 0; half /= 2) {
    for (std::size_t j = 0; j < half; ++j) partial[j] += partial[j + half];
  }
  return partial[0];
}

/// The sum of the terms of up to kSumChunk coordinates.
template <class Term, class Watch>
HWY_INLINE double chunk_sum(const float* x, std::size_t n, Term term, Watch& watch) {
  const hn::CappedTag<double, 8> d;
  const hn::Rebind<float, decltype(d)> from;
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  hn::Vec<decltype(d)> sums[kPartialSums / kLanes];
  for (auto& sum : sums) sum = hn::Zero(d);
  std::size_t i = 0;
  for (; i + kPartialSums <= n; i += kPartialSums) {
    prefetch_ahead(x, i, kPartialSums);
    for (std::size_t v = 0; v < kPartialSums / kLanes; ++v) {
      const auto floats = hn::LoadU(from, x + i + v * kLanes);
      watch.see(from, floats);
      sums[v] = hn::Add(sums[v], term(hn::PromoteTo(d, floats)));
    }
  }
  double partial[kPartialSums];
  for (std::size_t v = 0; v < kPartialSums / kLanes; ++v) hn::StoreU(sums[v], d, partial + v * kLanes);
  for (std::size_t j = 0; i < n; ++i, ++j) {
    const hn::CappedTag<float, 1> one;
    watch.see(one, hn::LoadU(one, x + i));
    partial[j] += term(static_cast<double>(x[i]));
  }
  return halved(partial);
}

/// The sum of the terms in the order that scan.h describes. Every vector of floats is shown to `watch` on the way.
template <class Term, class Watch>
HWY_INLINE double fixed_order_sum(const float* x, std::size_t n, Term term, Watch& watch) {
  double sum = 0;
  for (std::size_t i = 0; i < n; i += kSumChunk) sum += chunk_sum(x + i, std::min(kSumChunk, n - i), term, watch);
  return sum;
}

struct Itself {
  template <class V>
  HWY_INLINE V operator()(V v) const {
    return v;
  }
};

struct Negated {
  template <class V>
  HWY_INLINE V operator()(V v) const {
    return hn::Neg(v);
  }
  HWY_INLINE double operator()(double v) const { return -v; }
};

/// What the term makes of v if that is at least `least`, else 0.
template <class Term>
struct From {
  template <class V>
  HWY_INLINE V operator()(V v) const {
    const hn::DFromV<V> d;
    const auto value = Term()(v);
    return hn::IfThenElseZero(hn::Ge(value, hn::Set(d, least)), value);
  }
  HWY_INLINE double operator()(double v) const {
    const double value = Term()(v);
    return value >= least ? value : 0;
  }
  double least;
};

/// Counts the floats of which the term makes at least `least`.
template <class Term>
class WatchFrom {
 public:
  HWY_INLINE explicit WatchFrom(float least) : counts_(hn::Zero(Integers())), least_(least) {}

  template <class D, class V>
  HWY_INLINE void see(D tag, V floats) {
    const auto counts = hn::Ge(Term()(floats), hn::Set(tag, least_));
    if constexpr (hn::MaxLanes(D()) == 1) {
      single_ += hn::AllTrue(tag, counts) ? 1 : 0;
    } else {
      counts_ = hn::Sub(counts_, hn::BitCast(Integers(), hn::VecFromMask(tag, counts)));
    }
  }

  HWY_INLINE std::size_t count() const {
    return single_ + static_cast<std::size_t>(hn::GetLane(hn::SumOfLanes(Integers(), counts_)));
  }

 private:
  using Integers = hn::RebindToSigned<SumF32>;
  hn::Vec<Integers> counts_;
  float least_;
  std::size_t single_ = 0;
};

struct WatchNothing {
  template <class D, class V>
  HWY_INLINE void see(D /*tag*/, V /*floats*/) {}
};

/// Finds the largest magnitude in vectors of the tag Floats, and single floats.
template <class Floats>
class WatchLargest {
 public:
  HWY_INLINE WatchLargest() : vector_(hn::Zero(Integers())) {}

  template <class D, class V>
  HWY_INLINE void see(D tag, V floats) {
    if constexpr (hn::MaxLanes(D()) == 1) {
      single_ = std::max(single_, hn::GetLane(magnitude_bits(tag, floats)));
    } else {
      vector_ = hn::Max(vector_, magnitude_bits(tag, floats));
    }
  }

  HWY_INLINE std::uint32_t bits() const {
    return static_cast<std::uint32_t>(std::max(single_, hn::GetLane(hn::MaxOfLanes(Integers(), vector_))));
  }

 private:
  using Integers = hn::RebindToSigned<Floats>;
  hn::Vec<Integers> vector_;
  std::int32_t single_ = 0;
};

template <class Term>
HWY_INLINE double fixed_order_sum(const float* x, std::size_t n, Term term) {
  WatchNothing nothing;
  return fixed_order_sum(x, n, term, nothing);
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
