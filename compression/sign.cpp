// sign: one bit a coordinate and the mean magnitude of each block.
//
//   payload := block*                     every block of `block` coordinates, the last one shorter, or every tensor or
//   row block   := scale:f32 ceil(len/8) x u8    bit i, least significant first, is 1 for x_i < 0; pad bits are zero
//
//   C(x)_i = alpha (x_i < 0 ? -1 : 1),  alpha = (1/len) sum |x_i|, the best scale in least squares
//
// |C(x) - x|^2 = |x|^2 - |x|_1^2/len: from exact, when all magnitudes are equal, to delta = 1/len for a single spike.
// In consensus the difference becomes spiky and long blocks stall, so the default is short. A block whose alpha is not
// a normal float has scale 0 and zero bits, and decodes to zeros.
#include "compression/coding/blocks.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/signs.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

class Sign final : public Compressor {
 public:
  Sign(std::string spec, Blocks blocks) : spec_(std::move(spec)), blocks_(std::move(blocks)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return sign_row().wire_id; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<State>(); }

  std::size_t max_payload_size(std::size_t d) const override { return blocks_.sum(d, kernels::sign_block_size); }

  Properties properties(std::size_t d) const override {
    const std::size_t longest = blocks_.longest(d);
    const double bits = d == 0 ? 1 : 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
    return {.unbiased = longest == 1,
            .delta = 1 / static_cast<double>(longest),
            .bits_per_coordinate = bits,
            .suggested_gamma = 0.4};
  }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey&, State&,
                                   std::span<std::byte> out) const override {
    const std::size_t size = max_payload_size(x.size());
    PARLEY_CHECK(out.size() >= size, out.size(), x.size());
    std::byte* to = out.data();
    bool finite = true;
    blocks_.for_each_run(x.size(), [&](std::size_t start, std::size_t length, std::size_t block) {
      finite = finite && kernels::to_signs(x.data() + start, length, block, to);
      to += kernels::signs_size(length, block);
    });
    if (!finite) return not_finite(x);
    return size;
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State&,
                                std::span<float> y) const override {
    const std::size_t size = max_payload_size(y.size());
    if (payload.size() != size) return wrong_size(payload.size(), size);
    const std::byte* from = payload.data();
    base::Result<void> checked;
    blocks_.for_each(y.size(), [&](std::size_t, std::size_t n, std::size_t index) {
      checked = check(from, n, index);
      from += kernels::sign_block_size(n);
      return checked.ok();
    });
    if (!checked) return checked;
    from = payload.data();
    blocks_.for_each_run(y.size(), [&](std::size_t start, std::size_t length, std::size_t block) {
      kernels::add_signs(from, length, block, scale, y.data() + start);
      from += kernels::signs_size(length, block);
    });
    return {};
  }

 private:
  static base::Result<void> check(const std::byte* from, std::size_t n, std::size_t index) {
    constexpr auto kSmallest = std::uint32_t{1} << 23;  // bits of the smallest normal float
    const auto scale_bits = load<std::uint32_t>(from);
    const std::byte* bits = from + sizeof(float);
    const std::size_t bytes = (n + 7) / 8;
    if (scale_bits == 0) {
      if (!all_zero(bits, bytes)) return wrong_code(index);
    } else if (scale_bits < kSmallest || scale_bits >= kernels::kInfinityBits) {
      return wrong_scale(index);
    }
    if (n % 8 != 0 && (bits[bytes - 1] >> (n % 8)) != std::byte{0}) return not_canonical("the padding");
    return {};
  }

  std::string spec_;
  Blocks blocks_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "block",
     .kind = base::ParameterKind::integer,
     .fallback = "64",
     .low = 8,
     .high = 1 << 20,
     .choices = "row|tensor",
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
                                          Blocks(blueprint.arguments, "block", blueprint.layout));
          }};
}

}  // namespace parley::compression
