// f16: binary16 below an exponent that each block shares.
//
//   payload := block*                 every block of `block` coordinates, the last one shorter
//   block   := exponent:u8 len x binary16
//
// The exponent is that of the block's largest magnitude, biased as in f32; coordinates are multiplied by the power of
// two that brings that magnitude into [2^14, 2^15), so nothing overflows, and what is lost is 2^-11 of a coordinate or
// 2^-39 of the largest. Plain binary16 would lose everything below 2^-25: differences of optimisers are often smaller.
// A block without a normal float has exponent 0 and zeros only.
#include <algorithm>

#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/floats.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::uint8_t kLargestExponent = 254;
constexpr std::uint16_t kHalf14 = 0x7400;  // 2^14
constexpr std::uint16_t kHalf15 = 0x7800;  // 2^15, which magnitudes just below it round to

/// The power of two that a block's binary16 are multiplied with.
int shift_of(std::uint8_t exponent) {
  return exponent - 127 - 14;
}

/// 2^15 below the largest exponent would decode to infinity: there the largest binary16 below it is sent.
std::uint16_t largest_half(std::uint8_t exponent) {
  return exponent == kLargestExponent ? kHalf15 - 1 : kHalf15;
}

class F16 final : public Compressor {
 public:
  F16(std::string spec, std::size_t block) : spec_(std::move(spec)), block_(block) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return f16_row().wire_id; }
  std::size_t max_payload_size(std::size_t d) const override { return 2 * d + (d + block_ - 1) / block_; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<State>(); }

  Properties properties(std::size_t d) const override {
    // Half a unit in the last place of every coordinate, or of the smallest exponent: 2^-25 against at least 2^14.
    const double lost = 0x1p-22 + static_cast<double>(std::min(block_, d)) * 0x1p-78;
    const double bits = d == 0 ? 16 : 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
    return {.delta = 1 - lost, .bits_per_coordinate = bits};
  }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey&, State&,
                                   std::span<std::byte> out) const override {
    PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
    std::byte* to = out.data();
    for (std::size_t i = 0; i < x.size(); i += block_) {
      const std::size_t n = std::min(block_, x.size() - i);
      const std::uint32_t largest = kernels::max_magnitude_bits(x.data() + i, n);
      if (largest >= kernels::kInfinityBits) return not_finite(x);
      const auto exponent = static_cast<std::uint8_t>(largest >> 23);
      store(to++, exponent);
      if (exponent == 0) {
        std::fill_n(to, 2 * n, std::byte{0});
      } else {
        kernels::to_f16(x.data() + i, n, shift_of(exponent), largest_half(exponent), to);
      }
      to += 2 * n;
    }
    return max_payload_size(x.size());
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State&,
                                std::span<float> y) const override {
    if (payload.size() != max_payload_size(y.size())) return wrong_size(payload.size(), max_payload_size(y.size()));
    if (auto checked = check(payload.data(), y.size()); !checked) return checked;
    const std::byte* from = payload.data();
    for (std::size_t i = 0; i < y.size(); i += block_) {
      const std::size_t n = std::min(block_, y.size() - i);
      const auto exponent = load<std::uint8_t>(from++);
      if (exponent != 0) kernels::add_f16(from, n, shift_of(exponent), scale, y.data() + i);
      from += 2 * n;
    }
    return {};
  }

 private:
  base::Result<void> check(const std::byte* from, std::size_t d) const {
    for (std::size_t i = 0; i < d; i += block_) {
      const std::size_t n = std::min(block_, d - i);
      const auto exponent = load<std::uint8_t>(from++);
      if (exponent > kLargestExponent) return wrong_scale(i / block_);
      if (exponent == 0) {
        if (kernels::any_bits_16(from, n) != 0) return wrong_code(i / block_);
      } else {
        const std::uint16_t largest = kernels::max_magnitude_16(from, n);
        if (largest < kHalf14 || largest > largest_half(exponent)) return wrong_code(i / block_);
      }
      from += 2 * n;
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
