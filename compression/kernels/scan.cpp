#include "compression/kernels/scan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/scan.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include "compression/kernels/scan-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

std::uint32_t max_magnitude_bits(const float* x, std::size_t n) {
  return max_magnitude(x, n);
}

double sum_of_magnitudes(const float* x, std::size_t n) {
  return fixed_order_sum(x, n, Magnitude());
}

double sum_of_squares(const float* x, std::size_t n) {
  return fixed_order_sum(x, n, Square());
}

Spread spread(const float* x, std::size_t n) {
  WatchLargest<SumF32> largest;
  const double sum = fixed_order_sum(x, n, Square(), largest);
  return {sum, largest.bits()};
}

template <class Term>
HWY_INLINE Tail tail_from(const float* x, std::size_t n, float least) {
  WatchFrom<Term> counted(least);
  const double sum = fixed_order_sum(x, n, From<Term>{least}, counted);
  return {sum, counted.count()};
}

Tail magnitudes_from(const float* x, std::size_t n, float least) {
  return tail_from<Magnitude>(x, n, least);
}

Tail positives_from(const float* x, std::size_t n, float least) {
  return tail_from<Itself>(x, n, least);
}

Tail negatives_from(const float* x, std::size_t n, float least) {
  return tail_from<Negated>(x, n, least);
}

Split split_chunk_at(const float* x, std::size_t n, float threshold) {
  const hn::CappedTag<double, 8> d;
  const hn::Rebind<float, decltype(d)> from;
  constexpr std::size_t kLanes = hn::MaxLanes(d), kParts = kPartialSums / kLanes;
  hn::Vec<decltype(d)> energies[kParts], lengths[kParts];
  for (auto& sum : energies) sum = hn::Zero(d);
  for (auto& sum : lengths) sum = hn::Zero(d);
  const auto limit = hn::Set(d, static_cast<double>(threshold));
  std::size_t count = 0, i = 0;
  for (; i + kPartialSums <= n; i += kPartialSums) {
    prefetch_ahead(x, i, kPartialSums);
    for (std::size_t part = 0; part < kParts; ++part) {
      const auto magnitude = hn::Abs(hn::PromoteTo(d, hn::LoadU(from, x + i + part * kLanes)));
      const auto above = hn::Ge(magnitude, limit);
      count += hn::CountTrue(d, above);
      energies[part] = hn::Add(energies[part], hn::IfThenElseZero(above, hn::Mul(magnitude, magnitude)));
      lengths[part] = hn::Add(lengths[part], hn::IfThenZeroElse(above, magnitude));
    }
  }
  double energy[kPartialSums], length[kPartialSums];
  for (std::size_t part = 0; part < kParts; ++part) {
    hn::StoreU(energies[part], d, energy + part * kLanes);
    hn::StoreU(lengths[part], d, length + part * kLanes);
  }
  for (std::size_t j = 0; i < n; ++i, ++j) {
    const double magnitude = std::abs(static_cast<double>(x[i]));
    const bool above = magnitude >= static_cast<double>(threshold);
    count += above ? 1 : 0;
    (above ? energy : length)[j] += above ? magnitude * magnitude : magnitude;
  }
  return {count, halved(energy), halved(length)};
}

Split split_at(const float* x, std::size_t n, float threshold) {
  Split sum{0, 0, 0};
  for (std::size_t i = 0; i < n; i += kSumChunk) {
    const Split chunk = split_chunk_at(x + i, std::min(kSumChunk, n - i), threshold);
    sum = {sum.count + chunk.count, sum.energy + chunk.energy, sum.length + chunk.length};
  }
  return sum;
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(max_magnitude_bits);
HWY_EXPORT(sum_of_magnitudes);
HWY_EXPORT(sum_of_squares);
HWY_EXPORT(spread);
HWY_EXPORT(magnitudes_from);
HWY_EXPORT(positives_from);
HWY_EXPORT(negatives_from);
HWY_EXPORT(split_at);

std::uint32_t max_magnitude_bits(const float* x, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(max_magnitude_bits)(x, n);
}

std::uint32_t max_magnitude_bits(const std::byte* floats, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(max_magnitude_bits)(reinterpret_cast<const float*>(floats), n);
}

bool all_finite(const float* x, std::size_t n) {
  return max_magnitude_bits(x, n) < kInfinityBits;
}

double sum_of_magnitudes(const float* x, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(sum_of_magnitudes)(x, n);
}

double sum_of_squares(const float* x, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(sum_of_squares)(x, n);
}

Spread spread(const float* x, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(spread)(x, n);
}

Tail magnitudes_from(const float* x, std::size_t n, float least) {
  return HWY_DYNAMIC_DISPATCH(magnitudes_from)(x, n, least);
}

Tail positives_from(const float* x, std::size_t n, float least) {
  return HWY_DYNAMIC_DISPATCH(positives_from)(x, n, least);
}

Tail negatives_from(const float* x, std::size_t n, float least) {
  return HWY_DYNAMIC_DISPATCH(negatives_from)(x, n, least);
}

Split split_at(const float* x, std::size_t n, float threshold) {
  return HWY_DYNAMIC_DISPATCH(split_at)(x, n, threshold);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
