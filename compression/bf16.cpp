// bf16: floats rounded to their upper 16 bits, to nearest, ties to even.
//
//   payload := d x bfloat16
//
// A relative error of at most 2^-8 wherever x is not denormal. Floats above the largest bfloat16 become it, not
// infinity.
#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/floats.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

class Bf16 final : public Compressor {
 public:
  explicit Bf16(std::string spec) : spec_(std::move(spec)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return bf16_row().wire_id; }
  Properties properties(std::size_t) const override { return {.delta = 1 - 0x1p-16, .bits_per_coordinate = 16}; }
  std::size_t max_payload_size(std::size_t d) const override { return 2 * d; }
  void for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const override {
    use({0, d, 16});
  }
  std::unique_ptr<State> make_state() const override { return std::make_unique<State>(); }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey&, State& state,
                                   std::span<std::byte> out) const override {
    PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
    const std::uint32_t largest = largest_of_pieces(state, x.size(), 1, [&](std::size_t first, std::size_t length) {
      return kernels::to_bf16(x.data() + first, length, out.data() + 2 * first, x.size());
    });
    if (largest >= kernels::kInfinityBits) return not_finite(x);
    return 2 * x.size();
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State& state,
                                std::span<float> y) const override {
    if (payload.size() != 2 * y.size()) return wrong_size(payload.size(), 2 * y.size());
    const std::uint32_t largest = largest_of_pieces(state, y.size(), 1, [&](std::size_t first, std::size_t length) {
      return std::uint32_t{kernels::max_magnitude_16(payload.data() + 2 * first, length)};
    });
    if (largest > kernels::kLargestBf16) return wrong_code(0);
    for_each_piece(state, y.size(), 1, [&](std::size_t first, std::size_t length, std::size_t) {
      add_slice(payload, y.size(), first, scale, y.subspan(first, length));
    });
    return {};
  }

  std::size_t slice() const override { return 1; }

  base::Result<void> check_payload(std::span<const std::byte> payload, std::size_t d) const override {
    if (payload.size() != 2 * d) return wrong_size(payload.size(), 2 * d);
    if (kernels::max_magnitude_16(payload.data(), d) > kernels::kLargestBf16) return wrong_code(0);
    return {};
  }

  void add_slice(std::span<const std::byte> payload, std::size_t, std::size_t first, float scale,
                 std::span<float> y) const override {
    kernels::add_bf16(payload.data() + 2 * first, y.size(), scale, y.data());
  }

 private:
  std::string spec_;
};

}  // namespace

Row bf16_row() {
  return {.name = "bf16",
          .wire_id = 3,
          .summary = "bfloat16, rounded to nearest",
          .source = "Kalamkar et al. 2019",
          .parameters = {},
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return std::make_unique<Bf16>(blueprint.arguments.canonical());
          }};
}

}  // namespace parley::compression
