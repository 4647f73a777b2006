#include "gossip/mixing.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gossip/mixing.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace parley::gossip {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Sums of squares run in this many lanes, whatever the width of the machine's vectors, and are rounded to double once
/// a block: the result is the same on every machine.
constexpr std::size_t kLanes = 16;
constexpr std::size_t kBlock = 1024;

/// Asks for what lies a page ahead of p, which the processor's own prefetcher does not cross to. Any address may be
/// asked for.
HWY_INLINE void prefetch_ahead(const float* p) {
  constexpr std::uintptr_t kAhead = 4096;
  hwy::Prefetch(reinterpret_cast<const char*>(reinterpret_cast<std::uintptr_t>(p) + kAhead));
}

/// Adds up the squares of what `value_at(d, i)` gives for the floats i .. i + Lanes(d) - 1 of a block, lane by lane.
/// `kGroups` vectors make up the fixed number of lanes.
template <std::size_t kGroups, class D, class Value>
HWY_INLINE double block_energy(D d, std::size_t start, std::size_t end, const Value& value_at) {
  using V = hn::Vec<D>;
  V sums[kGroups];
  for (V& sum : sums) sum = hn::Zero(d);
  const std::size_t width = kLanes / kGroups;
  std::size_t i = start;
  for (; i + kLanes <= end; i += kLanes) {
    for (std::size_t group = 0; group < kGroups; ++group) {
      const V v = value_at(d, i + group * width);
      sums[group] = hn::Add(sums[group], hn::Mul(v, v));
    }
  }
  HWY_ALIGN float lanes[kLanes];
  for (std::size_t group = 0; group < kGroups; ++group) hn::Store(sums[group], d, lanes + group * width);
  const hn::CappedTag<float, 1> single;
  for (; i < end; ++i) {
    const float v = hn::GetLane(value_at(single, i));
    lanes[i % kLanes] += v * v;
  }
  double sum = 0;
  for (float lane : lanes) sum += static_cast<double>(lane);
  return sum;
}

/// The sum of the squares of value_at(d, i) over n floats, each computed once, in order.
template <class Value>
HWY_INLINE double energy(std::size_t n, const Value& value_at) {
  const hn::CappedTag<float, kLanes> d;
  double sum = 0;
  for (std::size_t start = 0; start < n; start += kBlock) {
    const std::size_t end = std::min(n, start + kBlock);
    switch (hn::Lanes(d)) {
      case 16:
        sum += block_energy<1>(d, start, end, value_at);
        break;
      case 8:
        sum += block_energy<2>(hn::CappedTag<float, 8>(), start, end, value_at);
        break;
      case 4:
        sum += block_energy<4>(hn::CappedTag<float, 4>(), start, end, value_at);
        break;
      default:
        sum += block_energy<kLanes>(hn::CappedTag<float, 1>(), start, end, value_at);
        break;
    }
  }
  return sum;
}

double Subtract(const float* x, const float* reference, float* difference, std::size_t n) {
  return energy(n, [=](auto d, std::size_t i) HWY_ATTR {
    prefetch_ahead(reference + i);
    prefetch_ahead(difference + i);
    const auto v = hn::Sub(hn::LoadU(d, x + i), hn::LoadU(d, reference + i));
    hn::StoreU(v, d, difference + i);
    return v;
  });
}

double SquaredDistance(const float* a, const float* b, std::size_t n) {
  return energy(n, [=](auto d, std::size_t i) HWY_ATTR { return hn::Sub(hn::LoadU(d, a + i), hn::LoadU(d, b + i)); });
}

double Mix(float* x, const float* own, const Term* terms, std::size_t term_count, std::size_t first, std::size_t n) {
  return energy(n, [=](auto d, std::size_t i) HWY_ATTR {
    prefetch_ahead(x + i);
    prefetch_ahead(own + i);
    const auto x_i = hn::LoadU(d, x + i);
    const auto x_hat_i = hn::LoadU(d, own + i);
    auto sum = hn::Zero(d);
    for (std::size_t j = 0; j < term_count; ++j) {
      prefetch_ahead(terms[j].replica.data() + first + i);
      const auto difference = hn::Sub(hn::LoadU(d, terms[j].replica.data() + first + i), x_hat_i);
      // A multiplication and then an addition, never fused.
      sum = hn::Add(sum, hn::Mul(hn::Set(d, terms[j].coefficient), difference));
    }
    hn::StoreU(hn::Add(x_i, sum), d, x + i);
    return hn::Sub(x_i, x_hat_i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::gossip
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include "base/error.h"

namespace parley::gossip {
namespace {

HWY_EXPORT(Subtract);
HWY_EXPORT(SquaredDistance);
HWY_EXPORT(Mix);

}  // namespace

double subtract(std::span<const float> x, std::span<const float> reference, std::span<float> difference) {
  PARLEY_CHECK(x.size() == reference.size() && x.size() == difference.size(), x.size(), reference.size(),
               difference.size());
  return HWY_DYNAMIC_DISPATCH(Subtract)(x.data(), reference.data(), difference.data(), x.size());
}

double mix(std::span<float> x, std::span<const float> own, std::span<const Term> terms, std::size_t first) {
  PARLEY_CHECK(x.size() == own.size(), x.size(), own.size());
  for (const Term& term : terms)
    PARLEY_CHECK(first + x.size() <= term.replica.size(), term.replica.size(), first, x.size());
  return HWY_DYNAMIC_DISPATCH(Mix)(x.data(), own.data(), terms.data(), terms.size(), first, x.size());
}

double squared_distance(std::span<const float> a, std::span<const float> b) {
  PARLEY_CHECK(a.size() == b.size(), a.size(), b.size());
  return HWY_DYNAMIC_DISPATCH(SquaredDistance)(a.data(), b.data(), a.size());
}

}  // namespace parley::gossip

#endif  // HWY_ONCE
