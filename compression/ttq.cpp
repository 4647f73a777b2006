// ttq: 0, or one of two values for each block, of either sign.
//
//   payload := block*                       every block of `block` coordinates, the last one shorter, or every row or
//                                           tensor
//   block   := plus:f32 minus:f32 ceil(len/5) x u8    levels as digits of base three, five a byte: see kernels/trits.h;
//                                                     both values are magnitudes
//
//   C(x)_i = plus if x_i > Delta_plus, -minus if x_i < -Delta_minus, else 0, the values being the means of what they
//   stand for
//
// threshold = t: both Delta = t |x|_inf, as the paper has it with t = 0.05; it trains the values, and for a vector that
// is only sent the means are the best ones. threshold = optimal: the Delta of either side is the best for the positive
// and for the negative coordinates by themselves, and so for all (see coding/ternary_support.h).
//
// |C(x) - x|^2 = |x|^2 - c_plus^2/k_plus - c_minus^2/k_minus, at most |x|^2 - c^2/k for c and k of both sides. So
// delta is at least that of twn: 1/len for any common Delta that one coordinate exceeds, and the optimal one's. A value
// that is not a normal float is sent as 0, and its coordinates as zeros.
#include <bit>
#include <optional>

#include "compression/coding/blockwise.h"
#include "compression/coding/refusal.h"
#include "compression/coding/ternary_support.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/trits.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::size_t kValues = 2 * sizeof(float);

class Ttq final : public Blockwise {
 public:
  /// Without a threshold they are the optimal ones.
  Ttq(std::string spec, Blocks blocks, std::optional<double> threshold)
      : Blockwise(std::move(spec), std::move(blocks)), threshold_(threshold) {}

  std::uint8_t wire_id() const override { return ttq_row().wire_id; }

  Properties properties(std::size_t d) const override {
    const std::size_t longest = blocks().longest(d);
    return {.unbiased = longest == 1,
            .delta = threshold_ ? 1 / static_cast<double>(longest) : optimal_support_delta(longest),
            .bits_per_coordinate = bits_per_coordinate(d),
            .suggested_gamma = 0.5};
  }

 private:
  std::unique_ptr<State> make_scratch() const override { return std::make_unique<SupportState>(); }
  std::size_t block_size(std::size_t n) const override { return kValues + kernels::trit_bytes(n); }
  Stretch block_stretch(std::size_t n) const override { return {kValues, kernels::trit_bytes(n), 8}; }

  bool encode_block(const float* x, std::size_t n, const BlockWords&, State& state, std::byte* to) const override {
    const std::uint32_t largest = kernels::max_magnitude_bits(x, n);
    if (largest >= kernels::kInfinityBits) return false;
    Support plus, minus;
    if (threshold_) {
      const std::uint32_t least = least_above(*threshold_ * static_cast<double>(std::bit_cast<float>(largest)));
      plus = support_from(x, n, Side::positive, least);
      minus = support_from(x, n, Side::negative, least);
    } else {
      auto& scratch = static_cast<SupportState&>(state);
      plus = optimal_support(x, n, Side::positive, scratch);
      minus = optimal_support(x, n, Side::negative, scratch);
    }
    store(to, plus.mean);
    store(to + sizeof plus.mean, minus.mean);
    kernels::threshold_trits(x, n, {plus.least, minus.least}, to + kValues);
    return true;
  }

  base::Result<void> check_block(const std::byte* from, std::size_t n, std::size_t index) const override {
    const auto plus = load<std::uint32_t>(from), minus = load<std::uint32_t>(from + sizeof plus);
    if (!is_possible(plus) || !is_possible(minus)) return wrong_scale(index);
    const std::byte* trits = from + kValues;
    if (!kernels::trits_are_valid(trits, n)) return wrong_code(index);
    // A value is 0 if and only if no coordinate has it.
    const kernels::TritsSeen seen = kernels::trits_seen(trits, n);
    return seen.positive == (plus != 0) && seen.negative == (minus != 0) ? base::Result<void>() : wrong_code(index);
  }

  static bool is_possible(std::uint32_t value) {
    constexpr auto kSmallest = std::uint32_t{1} << 23;  // bits of the smallest normal float
    return value == 0 || (value >= kSmallest && value < kernels::kInfinityBits);
  }

  void add_block(const std::byte* from, std::size_t n, float scale, float* y) const override {
    const auto plus = load<float>(from), minus = load<float>(from + sizeof plus);
    kernels::add_trits(from + kValues, n, scale * plus, -(scale * minus), y);
  }

  std::optional<double> threshold_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "threshold",
     .kind = base::ParameterKind::real,
     .fallback = "0.05",
     .low = 0,
     .high = 0.99,
     .choices = "optimal",
     .help = "what becomes 0: magnitudes up to so many times the largest"},
    {.name = "block",
     .kind = base::ParameterKind::integer,
     .fallback = "640",
     .low = 8,
     .high = 1 << 20,
     .choices = "row|tensor",
     .help = "coordinates that share the two values"},
};

}  // namespace

Row ttq_row() {
  return {.name = "ttq",
          .wire_id = 21,
          .summary = "0, or the best of one value above and one below it for each block",
          .source = "Zhu et al. 2017",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            std::optional<double> threshold;
            if (!arguments.is("threshold", "optimal")) threshold = arguments.real("threshold");
            return std::make_unique<Ttq>(arguments.canonical(), Blocks(arguments, "block", blueprint.layout),
                                         threshold);
          }};
}

}  // namespace parley::compression
