// twn: -1, 0 or 1 times one magnitude for each block, the best one in least squares.
//
//   payload := block*                       every block of `block` coordinates, the last one shorter, or every row or
//                                           tensor
//   block   := scale:f32 ceil(len/5) x u8   levels as digits of base three, five a byte: see kernels/trits.h
//
//   C(x)_i = alpha sign(x_i) if |x_i| > Delta, else 0,  alpha = mean of the |x_i| > Delta
//
// |C(x) - x|^2 = |x|^2 - c^2/k with k coordinates above Delta and c the sum of their magnitudes. threshold = optimal:
// the Delta for which that is least (see coding/ternary_support.h, for delta too). threshold = t: Delta = t |x|_1/len,
// the paper's rule of thumb with t = 0.7. Then delta is at least 1/len: since c > k Delta, what is not above Delta,
// less than (len - k) Delta^2 in energy, is at most (len - k) c^2/k^2, and what is has at most c^2. A block whose alpha
// is not a normal float is sent as zeros.
#include <cmath>
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

class Twn final : public Blockwise {
 public:
  /// Without a threshold it is the optimal one.
  Twn(std::string spec, Blocks blocks, std::optional<double> threshold)
      : Blockwise(std::move(spec), std::move(blocks)), threshold_(threshold) {}

  std::uint8_t wire_id() const override { return twn_row().wire_id; }

  Properties properties(std::size_t d) const override {
    const std::size_t longest = blocks().longest(d);
    return {.unbiased = longest == 1,
            .delta = threshold_ ? 1 / static_cast<double>(longest) : optimal_support_delta(longest),
            .bits_per_coordinate = bits_per_coordinate(d),
            .suggested_gamma = 0.5};
  }

 private:
  std::unique_ptr<State> make_scratch() const override { return std::make_unique<SupportState>(); }
  std::size_t block_size(std::size_t n) const override { return sizeof(float) + kernels::trit_bytes(n); }
  Stretch block_stretch(std::size_t n) const override { return {sizeof(float), kernels::trit_bytes(n), 8}; }

  bool encode_block(const float* x, std::size_t n, const BlockWords&, State& state, std::byte* to) const override {
    const double sum = kernels::sum_of_magnitudes(x, n);
    if (!std::isfinite(sum)) return false;
    const Support support =
        threshold_ ? support_from(x, n, Side::both, least_above(*threshold_ * (sum / static_cast<double>(n))))
                   : optimal_support(x, n, Side::both, static_cast<SupportState&>(state));
    store(to, support.mean);
    kernels::threshold_trits(x, n, {support.least, support.least}, to + sizeof support.mean);
    return true;
  }

  base::Result<void> check_block(const std::byte* from, std::size_t n, std::size_t index) const override {
    constexpr auto kSmallest = std::uint32_t{1} << 23;  // bits of the smallest normal float
    const auto alpha = load<std::uint32_t>(from);
    const std::byte* trits = from + sizeof(float);
    if (alpha != 0 && (alpha < kSmallest || alpha >= kernels::kInfinityBits)) return wrong_scale(index);
    if ((alpha == 0) != all_zero(trits, kernels::trit_bytes(n))) return wrong_code(index);
    return kernels::trits_are_valid(trits, n) ? base::Result<void>() : wrong_code(index);
  }

  void add_block(const std::byte* from, std::size_t n, float scale, float* y) const override {
    const float amount = scale * load<float>(from);
    kernels::add_trits(from + sizeof amount, n, amount, -amount, y);
  }

  std::optional<double> threshold_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "threshold",
     .kind = base::ParameterKind::real,
     .fallback = "optimal",
     .low = 0,
     .high = 0.99,
     .choices = "optimal",
     .help = "what becomes 0: magnitudes up to so many times their mean; 0.7 is the paper's rule"},
    {.name = "block",
     .kind = base::ParameterKind::integer,
     .fallback = "640",
     .low = 8,
     .high = 1 << 20,
     .choices = "row|tensor",
     .help = "coordinates that share a magnitude"},
};

}  // namespace

Row twn_row() {
  return {.name = "twn",
          .wire_id = 20,
          .summary = "-1, 0 or 1 times the best magnitude of each block",
          .source = "Li, Zhang, Liu 2016",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            std::optional<double> threshold;
            if (!arguments.is("threshold", "optimal")) threshold = arguments.real("threshold");
            return std::make_unique<Twn>(arguments.canonical(), Blocks(arguments, "block", blueprint.layout),
                                         threshold);
          }};
}

}  // namespace parley::compression
