// natural: every coordinate becomes one of the two powers of two around it.
//
//   payload := d x u8, ceil(d/8) x u8     exponents; then bit i, least significant first, is 1 for x_i < 0. Pad bits
//                                         and the signs of exponents 0 are zero
//
//   rounding = random:  |x| = 2^e (1 + m), 0 <= m < 1, becomes 2^(e+1) with probability m and else 2^e
//   rounding = nearest: 2^(e+1) from m = 1/2, else 2^e
//
// The exponent is that of a float: E stands for 2^(E-127), 0 for 0, and 255, to which magnitudes above 2^127 are
// rounded, for the largest float, 2^128 (1 - 2^-24). Denormals are rounded between 0 and 2^-126 by the same rule, and
// the bounds leave them out of account. Both are the carry of the mantissa into the exponent, when 23 random bits or
// 2^22 are added to the float's bits. Coordinate i draws rounding word i of the groups that begin at Philox block 0.
#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/powers.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

class Natural final : public Compressor {
 public:
  Natural(std::string spec, bool random) : spec_(std::move(spec)), random_(random) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return natural_row().wire_id; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<State>(); }
  std::size_t max_payload_size(std::size_t d) const override { return d + (d + 7) / 8; }

  void for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const override {
    use({0, d, 8});
    use({(d + 7) / 8, 0, 0});
  }

  Properties properties(std::size_t d) const override {
    // Random: m (1 - m) / (1 + m)^2 is largest at m = 1/3. Nearest: the error is largest half-way, a third.
    const double bits = d == 0 ? 9 : 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
    return {.unbiased = random_,
            .omega = random_ ? 1.0 / 8 : 0,
            .delta = random_ ? 7.0 / 8 : 8.0 / 9,
            .bits_per_coordinate = bits,
            .suggested_gamma = 1};
  }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override {
    PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
    auto* exponents = reinterpret_cast<std::uint8_t*>(out.data());
    std::uint8_t* signs = exponents + x.size();
    const base::PhiloxInput philox = base::philox_input(key);
    const std::uint32_t largest =
        largest_of_pieces(state, x.size(), kernels::kGroup, [&](std::size_t first, std::size_t length) {
          const float* from = x.data() + first;
          const auto block = static_cast<std::uint32_t>(first / kernels::kGroup) * kernels::kBlocksPerGroup;
          return random_ ? kernels::to_powers(from, length, philox, block, exponents + first, signs + first / 8)
                         : kernels::to_nearest_powers(from, length, exponents + first, signs + first / 8);
        });
    if (largest >= kernels::kInfinityBits) return not_finite(x);
    return max_payload_size(x.size());
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State& state,
                                std::span<float> y) const override {
    if (payload.size() != max_payload_size(y.size())) return wrong_size(payload.size(), max_payload_size(y.size()));
    const auto* exponents = reinterpret_cast<const std::uint8_t*>(payload.data());
    const std::uint8_t* signs = exponents + y.size();
    const auto check = [&](std::size_t first, std::size_t length, std::size_t) {
      return kernels::are_powers(exponents + first, signs + first / 8, length);
    };
    if (!all_of_pieces(state, y.size(), kernels::kGroup, check)) return not_canonical("a sign of nothing");
    for_each_piece(state, y.size(), kernels::kGroup, [&](std::size_t first, std::size_t length, std::size_t) {
      kernels::add_powers(exponents + first, signs + first / 8, length, scale, y.data() + first);
    });
    return {};
  }

 private:
  std::string spec_;
  bool random_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "rounding",
     .kind = base::ParameterKind::word,
     .fallback = "random",
     .choices = "random|nearest",
     .help = "random is unbiased; nearest loses less"},
};

}  // namespace

Row natural_row() {
  return {.name = "natural",
          .wire_id = 32,
          .summary = "a power of two for every coordinate",
          .source = "Horváth et al. 2019",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return std::make_unique<Natural>(blueprint.arguments.canonical(),
                                             blueprint.arguments.is("rounding", "random"));
          }};
}

}  // namespace parley::compression
