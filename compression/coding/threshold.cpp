#include "compression/coding/threshold.h"

#include <bit>

namespace parley::compression {
namespace {

struct Digit {
  unsigned shift, width;
};
constexpr Digit kDigits[] = {{20, 11}, {10, 10}, {0, 10}};

}  // namespace

Threshold find_threshold(std::span<const float> x, std::size_t k, RadixCounts& counts) {
  std::uint32_t found = 0;    // the digits of the k-th largest magnitude so far
  std::uint32_t decided = 0;  // a mask of those digits
  std::size_t wanted = k;     // of the coordinates that share them, the wanted-th largest is searched
  for (const auto& [shift, width] : kDigits) {
    const std::uint32_t digit_mask = (std::uint32_t{1} << width) - 1;
    counts.fill(0);
    for (const float value : x) {
      const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFu;
      if ((magnitude & decided) == found) ++counts[(magnitude >> shift) & digit_mask];
    }
    std::uint32_t digit = digit_mask;
    for (; counts[digit] < wanted; --digit) wanted -= counts[digit];
    found |= digit << shift;
    decided |= digit_mask << shift;
  }
  return found == 0 ? Threshold{0, 0} : Threshold{found, wanted};
}

}  // namespace parley::compression
