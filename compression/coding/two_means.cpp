#include "compression/coding/two_means.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/signs.h"

namespace parley::compression {
namespace {

constexpr std::size_t kValues = 2 * sizeof(float);

}  // namespace

float sent_mean(double sum, std::size_t count) {
  const auto mean = count == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(count));
  return std::abs(mean) < std::numeric_limits<float>::min() ? 0.0f : mean;
}

bool is_sent_mean(std::uint32_t bits, bool negative) {
  constexpr auto kSmallest = std::uint32_t{1} << 23;  // bits of the smallest normal float
  const std::uint32_t magnitude = bits & 0x7FFFFFFF;
  return bits == 0 || ((bits >> 31 != 0) == negative && magnitude >= kSmallest && magnitude < kernels::kInfinityBits);
}

bool are_means_of(std::uint32_t plus, std::uint32_t minus, std::size_t n, std::size_t negatives) {
  const bool zero = plus == 0 && minus == 0;
  // A value is not 0 only if some coordinate has it.
  return !(zero && negatives > 0) && (minus == 0 || negatives > 0) && (plus == 0 || negatives < n);
}

bool encode_two_means(const float* x, std::size_t n, std::byte* to) {
  const kernels::SumsBySign sums = kernels::sums_by_sign(x, n, to + kValues);
  if (sums.largest_bits >= kernels::kInfinityBits) return false;
  const std::size_t bytes = (n + 7) / 8;
  const std::size_t negatives = kernels::count_ones(to + kValues, bytes);
  const float plus = sent_mean(sums.positive, n - negatives), minus = sent_mean(sums.negative, negatives);
  if (plus == 0 && minus == 0) std::fill_n(to + kValues, bytes, std::byte{0});
  store(to, plus);
  store(to + sizeof plus, minus);
  return true;
}

base::Result<void> check_two_means(const std::byte* from, std::size_t n, std::size_t index) {
  const auto plus = load<std::uint32_t>(from), minus = load<std::uint32_t>(from + sizeof(float));
  const std::byte* bits = from + kValues;
  const std::size_t bytes = (n + 7) / 8;
  if (!is_sent_mean(plus, false) || !is_sent_mean(minus, true)) return wrong_scale(index);
  if (n % 8 != 0 && (bits[bytes - 1] >> (n % 8)) != std::byte{0}) return not_canonical("the padding");
  return are_means_of(plus, minus, n, kernels::count_ones(bits, bytes)) ? base::Result<void>() : wrong_code(index);
}

void add_two_means(const std::byte* from, std::size_t n, float scale, float* y) {
  const auto plus = load<float>(from), minus = load<float>(from + sizeof plus);
  kernels::add_sign_bits(from + kValues, n, scale * plus, scale * minus, y);
}

}  // namespace parley::compression
