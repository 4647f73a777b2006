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

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
