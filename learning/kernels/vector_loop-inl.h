// A loop over vectors of floats, and single floats at the end, for files that are compiled once per SIMD target.
#include <hwy/highway.h>

#include <cstddef>

#if defined(PARLEY_LEARNING_VECTOR_LOOP_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PARLEY_LEARNING_VECTOR_LOOP_INL
#undef PARLEY_LEARNING_VECTOR_LOOP_INL
#else
#define PARLEY_LEARNING_VECTOR_LOOP_INL
#endif

HWY_BEFORE_NAMESPACE();
namespace parley::learning::HWY_NAMESPACE {

/// Calls body(tag, i) so that every index below n is in exactly one [i, i + Lanes(tag)), ascending.
template <class Body>
HWY_INLINE void for_each_vector(std::size_t n, const Body& body) {
  const hwy::HWY_NAMESPACE::ScalableTag<float> whole;
  const hwy::HWY_NAMESPACE::CappedTag<float, 1> single;
  const std::size_t lanes = hwy::HWY_NAMESPACE::Lanes(whole);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) body(whole, i);
  for (; i < n; ++i) body(single, i);
}

}  // namespace parley::learning::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
