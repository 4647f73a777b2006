// onebit: one bit a coordinate and two values for each block, of what is below zero and of the rest.
//
//   payload := block*                every block of `block` coordinates, the last one shorter, or every row or tensor
//   block   := plus:f32 minus:f32 ceil(len/8) x u8    bit i, least significant first, is 1 for x_i < 0; pad bits are
//   zero
//
//   C(x)_i = x_i < 0 ? minus : plus,  minus = mean of the x_i < 0, plus = mean of the others, 0 if there are none
//
// The means are the best two values in least squares: |C(x) - x|^2 = |x|^2 - n_plus plus^2 - n_minus minus^2, and
// C(x) has the mean of x. By Cauchy the two last terms are at least |x|_1^2/len, which is what `sign` keeps; so delta
// is at least 1/len, attained by a single spike. A mean that is not a normal float is sent as 0, and so are the bits
// if both are.
#include <bit>
#include <cmath>
#include <limits>

#include "compression/coding/blockwise.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/signs.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::size_t kValues = 2 * sizeof(float);

/// The mean of `count` coordinates as it is sent.
float mean_of(double sum, std::size_t count) {
  const auto mean = count == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(count));
  return std::abs(mean) < std::numeric_limits<float>::min() ? 0.0f : mean;
}

/// True if mean_of could have made a value of that sign with these bits.
bool is_possible(std::uint32_t bits, bool negative) {
  constexpr auto kSmallest = std::uint32_t{1} << 23;  // bits of the smallest normal float
  const std::uint32_t magnitude = bits & 0x7FFFFFFF;
  return bits == 0 || ((bits >> 31 != 0) == negative && magnitude >= kSmallest && magnitude < kernels::kInfinityBits);
}

class Onebit final : public Blockwise {
 public:
  using Blockwise::Blockwise;

  std::uint8_t wire_id() const override { return onebit_row().wire_id; }

  Properties properties(std::size_t d) const override {
    const std::size_t longest = blocks().longest(d);
    return {.unbiased = longest == 1,
            .delta = 1 / static_cast<double>(longest),
            .bits_per_coordinate = bits_per_coordinate(d),
            .suggested_gamma = 0.4};
  }

 private:
  std::size_t block_size(std::size_t n) const override { return kValues + (n + 7) / 8; }

  bool encode_block(const float* x, std::size_t n, const BlockWords&, State&, std::byte* to) const override {
    const kernels::SumsBySign sums = kernels::sums_by_sign(x, n, to + kValues);
    if (sums.largest_bits >= kernels::kInfinityBits) return false;
    const std::size_t bytes = (n + 7) / 8;
    const std::size_t negatives = kernels::count_ones(to + kValues, bytes);
    const float plus = mean_of(sums.positive, n - negatives), minus = mean_of(sums.negative, negatives);
    if (plus == 0 && minus == 0) std::fill_n(to + kValues, bytes, std::byte{0});
    store(to, plus);
    store(to + sizeof plus, minus);
    return true;
  }

  base::Result<void> check_block(const std::byte* from, std::size_t n, std::size_t index) const override {
    const auto plus = load<std::uint32_t>(from), minus = load<std::uint32_t>(from + sizeof(float));
    const std::byte* bits = from + kValues;
    const std::size_t bytes = (n + 7) / 8;
    if (!is_possible(plus, false) || !is_possible(minus, true)) return wrong_scale(index);
    if (n % 8 != 0 && (bits[bytes - 1] >> (n % 8)) != std::byte{0}) return not_canonical("the padding");
    const std::size_t negatives = kernels::count_ones(bits, bytes);
    const bool zero = plus == 0 && minus == 0;
    // A value is not 0 only if some coordinate has it.
    if ((zero && negatives > 0) || (minus != 0 && negatives == 0) || (plus != 0 && negatives == n))
      return wrong_code(index);
    return {};
  }

  void add_block(const std::byte* from, std::size_t n, float scale, float* y) const override {
    const auto plus = load<float>(from), minus = load<float>(from + sizeof plus);
    kernels::add_sign_bits(from + kValues, n, scale * plus, scale * minus, y);
  }
};

constexpr base::Parameter kParameters[] = {
    {.name = "block",
     .kind = base::ParameterKind::integer,
     .fallback = "128",
     .low = 8,
     .high = 1 << 20,
     .choices = "row|tensor",
     .help = "coordinates that share the two values"},
};

}  // namespace

Row onebit_row() {
  return {.name = "onebit",
          .wire_id = 18,
          .summary = "the sign of every coordinate, as the block's mean on that side of zero",
          .source = "Seide et al. 2014",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return std::make_unique<Onebit>(blueprint.arguments.canonical(),
                                            Blocks(blueprint.arguments, "block", blueprint.layout));
          }};
}

}  // namespace parley::compression
