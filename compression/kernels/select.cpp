#include "compression/kernels/select.h"

#include <bit>

namespace parley::compression::kernels {

std::size_t collect_at_least(const float* x, std::size_t n, std::uint32_t least, std::uint32_t first,
                             std::uint32_t* indices, float* values) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if ((std::bit_cast<std::uint32_t>(x[i]) & 0x7FFFFFFFu) < least) continue;
    indices[count] = first + static_cast<std::uint32_t>(i);
    values[count++] = x[i];
  }
  return count;
}

}  // namespace parley::compression::kernels
