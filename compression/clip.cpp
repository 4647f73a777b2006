// clip: the leading digits of every coordinate; the others are cut off.
//
//   payload := ceil(d (9 + mantissa) / 8) x u8    the upper 9 + mantissa bits of every float, sign, exponent and
//                                                 `mantissa` digits, least significant first; pad bits are zero
//
//   C(x)_i = x_i rounded towards zero to 1 + mantissa binary digits, so that
//   0 <= (x_i - C(x)_i) / x_i < 2^-mantissa / (1 + 2^-mantissa)        for normal floats
//
// Always towards zero, and so in need of feedback or references; it is what DoubleSqueeze calls clipping. Clipping of a
// norm is another thing. Exponent 255 is refused.
#include <algorithm>
#include <array>

#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/truncation.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

/// Coordinates whose codes are held between truncating and packing: they end on a byte.
constexpr std::size_t kPart = 512;
using Codes = std::array<std::uint32_t, kPart>;

class Clip final : public Compressor {
 public:
  Clip(std::string spec, unsigned mantissa) : spec_(std::move(spec)), mantissa_(mantissa), bits_(9 + mantissa) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return clip_row().wire_id; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<State>(); }
  std::size_t max_payload_size(std::size_t d) const override { return (d * bits_ + 7) / 8; }
  void for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const override {
    use({0, d, bits_});
  }

  Properties properties(std::size_t d) const override {
    // The error is largest, 1 / (2^mantissa + 1) of x, just below 1 + 2^-mantissa.
    const double worst = 1 / (static_cast<double>(1u << mantissa_) + 1);
    const double bits = d == 0 ? bits_ : 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
    return {.delta = 1 - worst * worst, .bits_per_coordinate = bits, .suggested_gamma = 1};
  }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey&, State& state,
                                   std::span<std::byte> out) const override {
    PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
    const auto encode_piece = [&](std::size_t first, std::size_t length, std::size_t) {
      Codes codes;
      for (std::size_t i = first; i < first + length; i += kPart) {
        const std::size_t n = std::min(kPart, first + length - i);
        if (kernels::truncate_floats(x.data() + i, n, bits_, codes.data()) >= kernels::kInfinityBits) return false;
        kernels::pack_codes(codes.data(), n, bits_, out.data() + i / 8 * bits_);
      }
      return true;
    };
    if (!all_of_pieces(state, x.size(), kPart, encode_piece)) return not_finite(x);
    return max_payload_size(x.size());
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State& state,
                                std::span<float> y) const override {
    const std::size_t size = max_payload_size(y.size());
    if (payload.size() != size) return wrong_size(payload.size(), size);
    const std::size_t pad = 8 * size - y.size() * bits_;
    if (pad > 0 && (payload[size - 1] >> (8 - pad)) != std::byte{0}) return not_canonical("the padding");
    const auto check = [&](std::size_t first, std::size_t length) -> base::Result<void> {
      Codes codes;
      for (std::size_t i = first; i < first + length; i += kPart) {
        const std::size_t n = std::min(kPart, first + length - i);
        kernels::unpack_codes(payload.data() + i / 8 * bits_, n, bits_, codes.data());
        if (kernels::largest_code(codes.data(), n, bits_) >= kernels::kInfinityBits >> (32 - bits_))
          return wrong_code(i / kPart);
      }
      return {};
    };
    if (auto checked = first_refusal_of_pieces(state, y.size(), kPart, check); !checked) return checked;
    for_each_piece(state, y.size(), kPart, [&](std::size_t first, std::size_t length, std::size_t) {
      Codes codes;
      for (std::size_t i = first; i < first + length; i += kPart) {
        const std::size_t n = std::min(kPart, first + length - i);
        kernels::unpack_codes(payload.data() + i / 8 * bits_, n, bits_, codes.data());
        kernels::add_truncated(codes.data(), n, bits_, scale, y.data() + i);
      }
    });
    return {};
  }

 private:
  std::string spec_;
  unsigned mantissa_, bits_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "mantissa",
     .kind = base::ParameterKind::integer,
     .fallback = "7",
     .low = 0,
     .high = 15,
     .help = "binary digits that are kept after the first; sign and exponent take 9 bits"},
};

}  // namespace

Row clip_row() {
  return {.name = "clip",
          .wire_id = 38,
          .summary = "the leading digits of every coordinate",
          .source = "Tang et al. 2019 (DoubleSqueeze)",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return std::make_unique<Clip>(blueprint.arguments.canonical(),
                                          static_cast<unsigned>(blueprint.arguments.integer("mantissa")));
          }};
}

}  // namespace parley::compression
