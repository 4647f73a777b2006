#include "compression/kernels/scan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/scan.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include "compression/kernels/scan-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

std::uint32_t MaxMagnitudeBits(const float* x, std::size_t n) {
  return max_magnitude(x, n);
}

double SumOfMagnitudes(const float* x, std::size_t n) {
  return fixed_order_sum(x, n, Magnitude());
}

double SumOfSquares(const float* x, std::size_t n) {
  return fixed_order_sum(x, n, Square());
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(MaxMagnitudeBits);
HWY_EXPORT(SumOfMagnitudes);
HWY_EXPORT(SumOfSquares);

std::uint32_t max_magnitude_bits(const float* x, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(MaxMagnitudeBits)(x, n);
}

std::uint32_t max_magnitude_bits(const std::byte* floats, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(MaxMagnitudeBits)(reinterpret_cast<const float*>(floats), n);
}

bool all_finite(const float* x, std::size_t n) {
  return max_magnitude_bits(x, n) < kInfinityBits;
}

double sum_of_magnitudes(const float* x, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(SumOfMagnitudes)(x, n);
}

double sum_of_squares(const float* x, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(SumOfSquares)(x, n);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
