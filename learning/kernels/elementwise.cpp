// What is a single comparison or multiplication is left to the compiler; exp and tanh are worth one build per SIMD
// target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learning/kernels/elementwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// comes after foreach_target.h
#include <hwy/contrib/math/math-inl.h>

#include "learning/kernels/vector_loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::learning::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

void Exp(float* a, std::size_t n) {
  for_each_vector(
      n, [a](auto tag, std::size_t i) HWY_ATTR { hn::StoreU(hn::Exp(tag, hn::LoadU(tag, a + i)), tag, a + i); });
}

void Tanh(float* a, std::size_t n) {
  for_each_vector(
      n, [a](auto tag, std::size_t i) HWY_ATTR { hn::StoreU(hn::Tanh(tag, hn::LoadU(tag, a + i)), tag, a + i); });
}

}  // namespace
}  // namespace parley::learning::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>

#include "base/error.h"
#include "learning/kernels/elementwise.h"

namespace parley::learning {
namespace {

HWY_EXPORT(Exp);
HWY_EXPORT(Tanh);

}  // namespace

void exp(std::span<float> a) {
  HWY_DYNAMIC_DISPATCH(Exp)(a.data(), a.size());
}

void tanh(std::span<float> a) {
  HWY_DYNAMIC_DISPATCH(Tanh)(a.data(), a.size());
}

void tanh_backward(std::span<const float> a, std::span<float> d) {
  PARLEY_CHECK(a.size() == d.size(), a.size(), d.size());
  for (std::size_t i = 0; i < a.size(); ++i) d[i] *= 1.0f - a[i] * a[i];
}

void relu(std::span<float> a) {
  for (float& value : a) value = value > 0.0f ? value : 0.0f;
}

void relu_backward(std::span<const float> a, std::span<float> d) {
  PARLEY_CHECK(a.size() == d.size(), a.size(), d.size());
  for (std::size_t i = 0; i < a.size(); ++i) d[i] = a[i] > 0.0f ? d[i] : 0.0f;
}

float sum(std::span<const float> a) {
  constexpr std::size_t kSums = 8;
  float sums[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= a.size(); i += kSums)
    for (std::size_t s = 0; s < kSums; ++s) sums[s] += a[i + s];
  for (; i < a.size(); ++i) sums[i % kSums] += a[i];
  float total = 0;
  for (const float part : sums) total += part;
  return total;
}

void sum_rows(ConstMatrix a, Write write, float* out) {
  if (write == Write::set) std::fill_n(out, a.columns, 0.0f);
  for (std::size_t r = 0; r < a.rows; ++r) {
    const float* row = a.data + r * a.stride;
    for (std::size_t j = 0; j < a.columns; ++j) out[j] += row[j];
  }
}

}  // namespace parley::learning
#endif  // HWY_ONCE
