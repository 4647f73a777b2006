// f16: binary16 below an exponent that each block shares.
//
//   payload := d x binary16, ceil(d/block) x exponent:u8
//
// A block's exponent is that of its largest magnitude, biased as in f32; coordinates are multiplied by the power of
// two that brings that magnitude into [2^14, 2^15), so nothing overflows, and what is lost is 2^-11 of a coordinate or
// 2^-39 of the largest. Plain binary16 would lose everything below 2^-25: differences of optimisers are often smaller.
// A block without a normal float has exponent 0 and zeros only.
#include <algorithm>

#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/floats.h"
#include "compression/kernels/halves.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

class F16 final : public Compressor {
 public:
  F16(std::string spec, std::size_t block) : spec_(std::move(spec)), block_(block) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return f16_row().wire_id; }
  std::size_t max_payload_size(std::size_t d) const override { return 2 * d + (d + block_ - 1) / block_; }
  void for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const override {
    use({0, d, 16});
    use({(d + block_ - 1) / block_, 0, 0});
  }
  std::unique_ptr<State> make_state() const override { return std::make_unique<State>(); }

  Properties properties(std::size_t d) const override {
    // Half a unit in the last place of every coordinate, or of the smallest exponent: 2^-25 against at least 2^14.
    const double lost = 0x1p-22 + static_cast<double>(std::min(block_, d)) * 0x1p-78;
    const double bits = d == 0 ? 16 : 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
    return {.delta = 1 - lost, .bits_per_coordinate = bits};
  }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey&, State& state,
                                   std::span<std::byte> out) const override {
    PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
    std::byte* exponents = out.data() + 2 * x.size();
    const bool finite = all_of_pieces(state, x.size(), block_, [&](std::size_t first, std::size_t length, std::size_t) {
      return kernels::to_halves(x.data() + first, length, block_, out.data() + 2 * first, exponents + first / block_,
                                x.size());
    });
    if (!finite) return not_finite(x);
    return max_payload_size(x.size());
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State& state,
                                std::span<float> y) const override {
    const std::size_t d = y.size();
    if (payload.size() != max_payload_size(d)) return wrong_size(payload.size(), max_payload_size(d));
    const auto check = [&](std::size_t first, std::size_t length) {
      return check_blocks(payload.data(), payload.data() + 2 * d, first, first + length);
    };
    if (auto checked = first_refusal_of_pieces(state, d, block_, check); !checked) return checked;
    for_each_piece(state, d, block_, [&](std::size_t first, std::size_t length, std::size_t) {
      add_slice(payload, d, first, scale, y.subspan(first, length));
    });
    return {};
  }

  std::size_t slice() const override { return block_; }

  base::Result<void> check_payload(std::span<const std::byte> payload, std::size_t d) const override {
    if (payload.size() != max_payload_size(d)) return wrong_size(payload.size(), max_payload_size(d));
    return check_blocks(payload.data(), payload.data() + 2 * d, 0, d);
  }

  void add_slice(std::span<const std::byte> payload, std::size_t d, std::size_t first, float scale,
                 std::span<float> y) const override {
    PARLEY_CHECK(first % block_ == 0, first, block_);
    const std::byte* exponents = payload.data() + 2 * d + first / block_;
    kernels::add_halves(payload.data() + 2 * first, exponents, y.size(), block_, scale, y.data());
  }

 private:
  base::Result<void> check_blocks(const std::byte* halves, const std::byte* exponents, std::size_t first,
                                  std::size_t end) const {
    for (std::size_t i = first; i < end; i += block_) {
      const std::size_t n = std::min(block_, end - i);
      const auto exponent = load<std::uint8_t>(exponents + i / block_);
      const std::byte* block = halves + 2 * i;
      if (exponent == 0) {
        if (!all_zero(block, 2 * n)) return wrong_code(i / block_);
        continue;
      }
      if (exponent > kernels::kLargestExponent) return wrong_scale(i / block_);
      const std::uint16_t largest = kernels::max_magnitude_16(block, n);
      if (largest < kernels::kHalf14 || largest > kernels::largest_half(exponent)) return wrong_code(i / block_);
    }
    return {};
  }

  std::string spec_;
  std::size_t block_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "block",
     .kind = base::ParameterKind::integer,
     .fallback = "512",
     .low = 16,
     .high = 1 << 20,
     .help = "coordinates that share an exponent"},
};

}  // namespace

Row f16_row() {
  return {.name = "f16",
          .wire_id = 2,
          .summary = "binary16 with a shared exponent per block, rounded to nearest",
          .source = "IEEE 754; block floating point",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return std::make_unique<F16>(blueprint.arguments.canonical(),
                                         static_cast<std::size_t>(blueprint.arguments.integer("block")));
          }};
}

}  // namespace parley::compression
