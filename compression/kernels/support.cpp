#include "compression/kernels/support.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/support.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include <limits>

#include "compression/kernels/scan-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

using I32 = hn::RebindToSigned<F32>;
using One = hn::CappedTag<float, 1>;

/// Half the mean of the terms that are at least `least`; negative if there are none or their sum is not finite.
template <class Term>
HWY_INLINE float half_mean_from(const float* x, std::size_t n, float least) {
  // Sums of floats, since they only bound what is searched: so many additions of a lane lose less than 2^-14.
  constexpr std::size_t kPart = 1024;
  const F32 d;
  const I32 di;
  const std::size_t lanes = hn::Lanes(d);
  const auto from = hn::Set(d, least);
  double sum = 0, count = 0;
  for (std::size_t start = 0; start < n; start += kPart) {
    const std::size_t end = std::min(n, start + kPart);
    auto s0 = hn::Zero(d), s1 = s0;
    auto c0 = hn::Zero(di), c1 = c0;
    const auto see = [&](std::size_t i, auto& s, auto& c) HWY_ATTR {
      const auto value = Term()(hn::LoadU(d, x + i));
      const auto counts = hn::Ge(value, from);
      s = hn::Add(s, hn::IfThenElseZero(counts, value));
      c = hn::Sub(c, hn::BitCast(di, hn::VecFromMask(d, counts)));
    };
    std::size_t i = start;
    for (; i + 2 * lanes <= end; i += 2 * lanes) {
      see(i, s0, c0);
      see(i + lanes, s1, c1);
    }
    for (; i + lanes <= end; i += lanes) see(i, s0, c0);
    sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Add(s0, s1))));
    count += hn::GetLane(hn::SumOfLanes(di, hn::Add(c0, c1)));
    for (; i < end; ++i) {
      const float value = hn::GetLane(Term()(hn::LoadU(One(), x + i)));
      if (!(value >= least)) continue;
      sum += static_cast<double>(value);
      ++count;
    }
  }
  const double half = sum / (2 * count);
  return half < static_cast<double>(std::numeric_limits<float>::max()) ? static_cast<float>(half) : -1.0f;
}

template <class Term>
HWY_INLINE float largest_term(const float* x, std::size_t n) {
  const F32 d;
  const std::size_t lanes = hn::Lanes(d);
  auto largest = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) largest = hn::Max(largest, Term()(hn::LoadU(d, x + i)));
  float single = hn::GetLane(hn::MaxOfLanes(d, largest));
  for (; i < n; ++i) single = std::max(single, hn::GetLane(Term()(hn::LoadU(One(), x + i))));
  return single;
}

template <class Term>
HWY_INLINE SupportBounds narrow(const float* x, std::size_t n, float low) {
  constexpr float kMargin = 0x1p-12f;  // for the rounding of the sums
  constexpr int kRoundsDown = 5, kRoundsUp = 4;
  float high = largest_term<Term>(x, n) / 2;
  for (int round = 0; round < kRoundsDown; ++round) {
    const float half = half_mean_from<Term>(x, n, high) * (1 + kMargin);
    if (!(half > 0 && half < high)) break;
    high = half;
  }
  for (int round = 0; round < kRoundsUp && low < high; ++round) {
    const float half = half_mean_from<Term>(x, n, low) * (1 - kMargin);
    if (!(half > low)) break;
    low = half;
  }
  return {low, high};
}

SupportBounds narrow_support(const float* x, std::size_t n, Side side, float low) {
  switch (side) {
    case Side::positive:
      return narrow<Itself>(x, n, low);
    case Side::negative:
      return narrow<Negated>(x, n, low);
    case Side::both:
      break;
  }
  return narrow<Magnitude>(x, n, low);
}

template <class Term>
HWY_INLINE std::size_t collect(const float* x, std::size_t n, const SupportBounds& bounds, float* out) {
  const F32 d;
  const std::size_t lanes = hn::Lanes(d);
  const auto low = hn::Set(d, bounds.low), high = hn::Set(d, bounds.high);
  std::size_t count = 0, i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto value = Term()(hn::LoadU(d, x + i));
    const auto within = hn::And(hn::Ge(value, low), hn::Lt(value, high));
    if (!hn::AllFalse(d, within)) count += hn::CompressStore(value, within, d, out + count);
  }
  for (; i < n; ++i) {
    const float value = hn::GetLane(Term()(hn::LoadU(One(), x + i)));
    if (value >= bounds.low && value < bounds.high) out[count++] = value;
  }
  return count;
}

std::size_t collect_within(const float* x, std::size_t n, Side side, const SupportBounds& bounds, float* out) {
  switch (side) {
    case Side::positive:
      return collect<Itself>(x, n, bounds, out);
    case Side::negative:
      return collect<Negated>(x, n, bounds, out);
    case Side::both:
      break;
  }
  return collect<Magnitude>(x, n, bounds, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(narrow_support);
HWY_EXPORT(collect_within);

SupportBounds narrow_support(const float* x, std::size_t n, Side side, float low) {
  return HWY_DYNAMIC_DISPATCH(narrow_support)(x, n, side, low);
}

std::size_t collect_within(const float* x, std::size_t n, Side side, const SupportBounds& bounds, float* out) {
  return HWY_DYNAMIC_DISPATCH(collect_within)(x, n, side, bounds, out);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
