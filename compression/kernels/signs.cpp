#include "compression/kernels/signs.h"

#include <algorithm>

namespace parley::compression::kernels {

void pack_signs(const float* x, std::size_t n, std::byte* to) {
  for (std::size_t i = 0; i < n; i += 8) {
    unsigned bits = 0;
    for (std::size_t j = i; j < std::min(i + 8, n); ++j) bits |= static_cast<unsigned>(x[j] < 0) << (j - i);
    to[i / 8] = static_cast<std::byte>(bits);
  }
}

void add_signs(const std::byte* bits, std::size_t n, float amount, float* y) {
  for (std::size_t i = 0; i < n; ++i) {
    const bool negative = (bits[i / 8] & (std::byte{1} << (i % 8))) != std::byte{0};
    y[i] += negative ? -amount : amount;
  }
}

}  // namespace parley::compression::kernels
