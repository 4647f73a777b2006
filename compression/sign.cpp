// sign: one bit a coordinate and the mean magnitude of each block.
//
//   payload := block*                     every block of `block` coordinates, the last one shorter
//   block   := scale:f32 ceil(len/8) x u8    bit i, least significant first, is 1 for x_i < 0; pad bits are zero
//
//   C(x)_i = alpha (x_i < 0 ? -1 : 1),  alpha = (1/len) sum |x_i|, the best scale in least squares
//
// |C(x) - x|^2 = |x|^2 - |x|_1^2/len: from exact, when all magnitudes are equal, to delta = 1/len for a single spike.
// In consensus the difference becomes spiky and long blocks stall, so the default is short. A block whose alpha is not
// a normal float has scale 0 and zero bits, and decodes to zeros.
#include <algorithm>

#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/signs.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

class Sign final : public Compressor {
 public:
  Sign(std::string spec, std::size_t block) : spec_(std::move(spec)), block_(block) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return sign_row().wire_id; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<State>(); }

  std::size_t max_payload_size(std::size_t d) const override {
    const std::size_t rest = d % block_;
    return d / block_ * kernels::sign_block_size(block_) + (rest > 0 ? kernels::sign_block_size(rest) : 0);
  }

  Properties properties(std::size_t d) const override {
    const std::size_t longest = std::clamp<std::size_t>(d, 1, block_);
    const double bits = d == 0 ? 1 : 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
    return {.unbiased = longest == 1,
            .delta = 1 / static_cast<double>(longest),
            .bits_per_coordinate = bits,
            .suggested_gamma = 0.4};
  }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey&, State&,
                                   std::span<std::byte> out) const override {
    PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
    if (!kernels::to_signs(x.data(), x.size(), block_, out.data())) return not_finite(x);
    return max_payload_size(x.size());
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State&,
                                std::span<float> y) const override {
    if (payload.size() != max_payload_size(y.size())) return wrong_size(payload.size(), max_payload_size(y.size()));
    if (auto checked = check(payload.data(), y.size()); !checked) return checked;
    kernels::add_signs(payload.data(), y.size(), block_, scale, y.data());
    return {};
  }

 private:
  base::Result<void> check(const std::byte* from, std::size_t d) const {
    constexpr auto kSmallest = std::uint32_t{1} << 23;  // bits of the smallest normal float
    for (std::size_t i = 0; i < d; i += block_) {
      const std::size_t n = std::min(block_, d - i);
      const auto scale_bits = load<std::uint32_t>(from);
      const std::byte* bits = from + sizeof(float);
      const std::size_t bytes = (n + 7) / 8;
      if (scale_bits == 0) {
        if (!all_zero(bits, bytes)) return wrong_code(i / block_);
      } else if (scale_bits < kSmallest || scale_bits >= kernels::kInfinityBits) {
        return wrong_scale(i / block_);
      }
      if (n % 8 != 0 && (bits[bytes - 1] >> (n % 8)) != std::byte{0}) return not_canonical("the padding");
      from += kernels::sign_block_size(n);
    }
    return {};
  }

  std::string spec_;
  std::size_t block_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "block",
     .kind = base::ParameterKind::integer,
     .fallback = "64",
     .low = 8,
     .high = 1 << 20,
     .help = "coordinates that share a scale"},
};

}  // namespace

Row sign_row() {
  return {.name = "sign",
          .wire_id = 7,
          .summary = "the sign of every coordinate, scaled by the block's mean magnitude",
          .source = "Rastegari et al. 2016; Karimireddy et al. 2019",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return std::make_unique<Sign>(blueprint.arguments.canonical(),
                                          static_cast<std::size_t>(blueprint.arguments.integer("block")));
          }};
}

}  // namespace parley::compression
