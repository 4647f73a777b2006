// lab: loss-aware binarisation, one bit a coordinate and a scale that weighs each by its curvature.
//
//   payload := block*                        every block of `block` coordinates, the last one shorter
//   block   := scale:f32 ceil(len/8) x u8    bit i, least significant first, is 1 for x_i < 0; pad bits are zero
//
//   C(x)_i = alpha (x_i < 0 ? -1 : 1),  alpha = min(sum D_i |x_i| / sum D_i, limit mean |x|),  not below mean |x|
//
// which without the limit minimises sum D_i (x_i - alpha b_i)^2. The paper takes for D the square root of Adam's second
// moment. An operator sees nothing but the vector, so the curvature is the one that this vector alone would leave in
// that moment, D_i = |x_i|, and alpha = sum x_i^2 / sum |x_i|. Such a scale alone is no contraction in the plain norm;
// of at most `limit` < 2 times the mean it is: with t = limit - 1,
//
//   |C(x) - x|^2 <= |x|^2 - len (1 - t^2) mean^2 <= (1 - (1 - t^2) / len) |x|^2
//
// limit = 1 is sign(block), to the bit. A block whose alpha is not a normal float has scale 0 and zero bits, and
// decodes to zeros.
#include <algorithm>
#include <cmath>

#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/signs.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

class Lab final : public Compressor {
 public:
  Lab(std::string spec, std::size_t block, double limit) : spec_(std::move(spec)), block_(block), limit_(limit) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return lab_row().wire_id; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<State>(); }

  std::size_t max_payload_size(std::size_t d) const override {
    const std::size_t rest = d % block_;
    return d / block_ * kernels::sign_block_size(block_) + (rest > 0 ? kernels::sign_block_size(rest) : 0);
  }

  Properties properties(std::size_t d) const override {
    const std::size_t longest = std::clamp<std::size_t>(d, 1, block_);
    const double excess = limit_ - 1;
    const double bits = d == 0 ? 1 : 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
    return {.unbiased = longest == 1,
            .delta = longest == 1 ? 1 : (1 - excess * excess) / static_cast<double>(longest),
            .bits_per_coordinate = bits,
            .suggested_gamma = 0.4};
  }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey&, State& state,
                                   std::span<std::byte> out) const override {
    PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
    const bool finite = all_of_pieces(state, x.size(), block_, [&](std::size_t first, std::size_t length, std::size_t) {
      return kernels::to_curved_signs(x.data() + first, length, block_, limit_, out.data() + max_payload_size(first));
    });
    if (!finite) return not_finite(x);
    return max_payload_size(x.size());
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State& state,
                                std::span<float> y) const override {
    if (payload.size() != max_payload_size(y.size())) return wrong_size(payload.size(), max_payload_size(y.size()));
    const auto check = [&](std::size_t first, std::size_t length) {
      return check_blocks(payload.data() + max_payload_size(first), first, length);
    };
    if (auto checked = first_refusal_of_pieces(state, y.size(), block_, check); !checked) return checked;
    for_each_piece(state, y.size(), block_, [&](std::size_t first, std::size_t length, std::size_t) {
      kernels::add_signs(payload.data() + max_payload_size(first), length, block_, scale, y.data() + first);
    });
    return {};
  }

 private:
  base::Result<void> check_blocks(const std::byte* from, std::size_t first, std::size_t length) const {
    for (std::size_t i = first; i < first + length; i += block_) {
      const std::size_t n = std::min(block_, first + length - i), bytes = (n + 7) / 8;
      const auto scale = load<float>(from);
      const std::byte* bits = from + sizeof scale;
      if (load<std::uint32_t>(from) == 0) {
        if (!all_zero(bits, bytes)) return wrong_code(i / block_);
      } else if (!std::isnormal(scale) || scale < 0) {
        return wrong_scale(i / block_);
      }
      if (n % 8 != 0 && (bits[bytes - 1] >> (n % 8)) != std::byte{0}) return not_canonical("the padding");
      from += kernels::sign_block_size(n);
    }
    return {};
  }

  std::string spec_;
  std::size_t block_;
  double limit_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "block",
     .kind = base::ParameterKind::integer,
     .fallback = "64",
     .low = 8,
     .high = 1 << 20,
     .help = "coordinates that share a scale"},
    {.name = "limit",
     .kind = base::ParameterKind::real,
     .fallback = "1.75",
     .low = 1,
     .high = 2,
     .help = "the largest scale, in mean magnitudes; 2 guarantees no contraction"},
};

}  // namespace

Row lab_row() {
  return {.name = "lab",
          .wire_id = 41,
          .summary = "the sign of every coordinate, scaled by a mean magnitude with curvatures as weights",
          .source = "Hou et al. 2017",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return std::make_unique<Lab>(blueprint.arguments.canonical(),
                                         static_cast<std::size_t>(blueprint.arguments.integer("block")),
                                         blueprint.arguments.real("limit"));
          }};
}

}  // namespace parley::compression
