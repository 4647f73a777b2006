// Loops over vectors, compiled once for every SIMD target (see hwy/foreach_target.h).
#if defined(PARLEY_COMPRESSION_KERNELS_VECTOR_LOOP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PARLEY_COMPRESSION_KERNELS_VECTOR_LOOP_INL_H_
#undef PARLEY_COMPRESSION_KERNELS_VECTOR_LOOP_INL_H_
#else
#define PARLEY_COMPRESSION_KERNELS_VECTOR_LOOP_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// At most 16 lanes of 32 bits, which the fixed orders of sums and of random words are made for.
using F32 = hn::CappedTag<float, 16>;

/// Asks for the cache line a page ahead of p, which the processor's own prefetcher does not cross to. `step` is what
/// the loop advances by: only the first of several calls within one line asks. Any address may be asked for.
HWY_INLINE void prefetch_ahead(const float* p, std::size_t i, std::size_t step) {
  constexpr std::size_t kAhead = 4096, kLine = 64;
  if (step * sizeof(float) >= kLine || i * sizeof(float) % kLine < step * sizeof(float))
    hwy::Prefetch(reinterpret_cast<const char*>(reinterpret_cast<std::uintptr_t>(p + i) + kAhead));
}

/// Calls body(tag, i) for vectors of floats that begin at i: `head` single lanes, then whole vectors, then single
/// lanes, so that the ends go through the same operations.
template <class Body>
HWY_INLINE void for_each_vector(std::size_t n, Body&& body, std::size_t head = 0) {
  const F32 d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i < std::min(head, n); ++i) body(hn::CappedTag<float, 1>(), i);
  for (; i + lanes <= n; i += lanes) body(d, i);
  for (; i < n; ++i) body(hn::CappedTag<float, 1>(), i);
}

/// The bits of |v| as signed integers, whose order is that of the magnitudes.
template <class D, class V>
HWY_INLINE auto magnitude_bits(D /*tag*/, V v) {
  const hn::RebindToSigned<D> di;
  return hn::And(hn::BitCast(di, v), hn::Set(di, 0x7FFFFFFF));
}

/// The largest magnitude that a loop of for_each_vector has seen.
class LargestMagnitude {
 public:
  // Spelt out, because a constructor that the compiler makes is not of the target.
  HWY_INLINE LargestMagnitude() : vector_(hn::Zero(Integers())) {}

  template <class D, class V>
  HWY_INLINE void see(D /*tag*/, V magnitude) {
    if constexpr (hn::MaxLanes(D()) == 1) {
      single_ = std::max(single_, hn::GetLane(magnitude));
    } else {
      vector_ = hn::Max(vector_, magnitude);
    }
  }

  HWY_INLINE std::uint32_t bits() const {
    return static_cast<std::uint32_t>(std::max(single_, hn::GetLane(hn::MaxOfLanes(Integers(), vector_))));
  }

 private:
  using Integers = hn::RebindToSigned<F32>;
  hn::Vec<Integers> vector_;
  std::int32_t single_ = 0;
};

/// Where payloads too large for the caches are written past them: reading what is about to be overwritten would take as
/// long again as writing it.
template <class T>
class Streaming {
 public:
  /// For n values at `to`, as many of them at once as F32 has lanes.
  Streaming(const T* to, std::size_t n) {
    constexpr std::size_t kLarge = std::size_t{16} << 20;
    const std::size_t vector = sizeof(T) * hn::MaxLanes(F32());
    const std::size_t past = reinterpret_cast<std::uintptr_t>(to) % vector;
    worthwhile_ = n * sizeof(T) >= kLarge && past % sizeof(T) == 0;
    head_ = worthwhile_ && past > 0 ? (vector - past) / sizeof(T) : 0;
  }
  ~Streaming() {
    if (worthwhile_) hwy::FlushStream();
  }
  Streaming(const Streaming&) = delete;
  Streaming& operator=(const Streaming&) = delete;

  bool worthwhile() const { return worthwhile_; }
  std::size_t head() const { return head_; }  ///< values before the first that is aligned

 private:
  bool worthwhile_;
  std::size_t head_;
};

/// Stores to an address that is aligned, if kStream, unless v is a single lane.
template <bool kStream, class D, class V, class T>
HWY_INLINE void store_or_stream(V v, D d, T* to) {
  if constexpr (kStream && hn::MaxLanes(D()) > 1) {
    hn::Stream(v, d, to);
  } else {
    hn::StoreU(v, d, to);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
