// The search for the magnitudes that the support of a ternary vector may begin at. See coding/ternary_support.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::compression::kernels {

/// The coordinates that count: all by their magnitude, or those of one sign.
enum class Side { both, positive, negative };

/// Magnitudes below `low` are not in the optimal support, those from `high` on are; neither is negative.
struct SupportBounds {
  float low, high;
};

/// Moves `low` up to where half the mean of what is not below it is, and a `high` that begins at half the largest
/// magnitude down likewise, for a few rounds. Where exactly they end may differ between SIMD targets. x is finite.
SupportBounds narrow_support(const float* x, std::size_t n, Side side, float low);

/// Writes the magnitudes within the bounds, `high` excluded, to the front of `out`, which has room for n + 16. Returns
/// how many there are.
std::size_t collect_within(const float* x, std::size_t n, Side side, const SupportBounds& bounds, float* out);

}  // namespace parley::compression::kernels
