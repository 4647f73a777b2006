// signsgd: one bit a coordinate and no scale at all.
//
//   payload := floor(d/8) + 1 bytes     bit i, least significant first, is 1 for x_i < 0; bit d is 1 unless x is all
//                                       zeros; pad bits are zero. Nothing for d = 0
//
//   C(x)_i = scale (x_i < 0 ? -1 : 1), or 0 if all of x is 0
//
// `scale` is the step of the method, a constant of the swarm. rounding = stochastic is the stochastic binarisation of
// BinaryConnect: + with the probability (x_i / scale + 1) / 2, or 0 or 1 beyond, so that E C(x) is x within +-scale and
// +-scale beyond (unless all of x is 0). Coordinate i draws word i of the groups that begin at Philox block 0. The
// error can exceed |x| whatever the scale: nothing is guaranteed, so CHOCO and error feedback refuse it, and take
// `sign`.
#include <algorithm>

#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/signs.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

class Signsgd final : public Compressor {
 public:
  Signsgd(std::string spec, float scale, bool stochastic)
      : spec_(std::move(spec)), scale_(scale), stochastic_(stochastic) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return signsgd_row().wire_id; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<State>(); }
  std::size_t max_payload_size(std::size_t d) const override { return d == 0 ? 0 : d / 8 + 1; }

  Properties properties(std::size_t d) const override {
    return {.bits_per_coordinate = d == 0 ? 1 : 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d),
            .suggested_gamma = 0.4};
  }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override {
    const std::size_t d = x.size(), size = max_payload_size(d);
    PARLEY_CHECK(out.size() >= size, out.size(), d);
    if (d == 0) return size;
    out[size - 1] = std::byte{0};
    const std::uint32_t largest =
        stochastic_ ? kernels::pack_random_sign_bits(x.data(), d, 0.5f / scale_, base::philox_input(key), out.data())
                    : largest_of_pieces(state, d, 8, [&](std::size_t first, std::size_t length) {
                        return kernels::pack_sign_bits(x.data() + first, length, out.data() + first / 8);
                      });
    if (largest >= kernels::kInfinityBits) return not_finite(x);
    if (largest > 0) {
      out[size - 1] |= std::byte{1} << (d % 8);
    } else {
      std::ranges::fill(out.first(size), std::byte{0});
    }
    return size;
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State& state,
                                std::span<float> y) const override {
    const std::size_t d = y.size(), size = max_payload_size(d);
    if (payload.size() != size) return wrong_size(payload.size(), size);
    if (d == 0) return {};
    const std::byte end = payload[size - 1] >> (d % 8);
    if (end == std::byte{0}) return all_zero(payload.data(), size) ? base::Result<void>() : wrong_code(0);
    if (end != std::byte{1}) return not_canonical("the padding");
    const float amount = scale * scale_;
    for_each_piece(state, d, 8, [&](std::size_t first, std::size_t length, std::size_t) {
      kernels::add_sign_bits(payload.data() + first / 8, length, amount, -amount, y.data() + first);
    });
    return {};
  }

 private:
  std::string spec_;
  float scale_;
  bool stochastic_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "scale",
     .kind = base::ParameterKind::real,
     .fallback = "1",
     .low = 1e-30,
     .high = 1e30,
     .help = "what every coordinate decodes to, up to its sign"},
    {.name = "rounding",
     .kind = base::ParameterKind::word,
     .choices = "nearest|stochastic",
     .help = "nearest if not given; stochastic draws signs that are right on average up to the scale"},
};

}  // namespace

Row signsgd_row() {
  return {.name = "signsgd",
          .wire_id = 17,
          .summary = "the sign of every coordinate times a constant",
          .source = "Courbariaux et al. 2015; Bernstein et al. 2018",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            const bool stochastic = arguments.given("rounding") && arguments.is("rounding", "stochastic");
            const auto scale = static_cast<float>(arguments.real("scale"));
            // Named only where it differs, so that older specs stay what they were.
            base::Spec spec{"signsgd", {{"scale", fmt::format("{}", arguments.real("scale")), false}}};
            if (stochastic) spec.arguments.push_back({"rounding", "stochastic", false});
            return std::make_unique<Signsgd>(spec.text(), scale, stochastic);
          }};
}

}  // namespace parley::compression
