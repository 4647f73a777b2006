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
#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "compression/coding/blocks.h"
#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/signs.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

struct SignState final : State {
  std::vector<BlockRun> stretches;
  std::size_t d = 0;         ///< for so many floats
  std::vector<double> sums;  ///< of the pieces of a long block
};

/// A block that several threads share.
bool is_long(const BlockRun& stretch) {
  static_assert(kPiece == kernels::kSumChunk, "sums of pieces are added as those of chunks are");
  return stretch.block > kPiece;
}

class Sign final : public Compressor {
 public:
  Sign(std::string spec, Blocks blocks) : spec_(std::move(spec)), blocks_(std::move(blocks)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return sign_row().wire_id; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<SignState>(); }

  std::size_t max_payload_size(std::size_t d) const override { return blocks_.sum(d, kernels::sign_block_size); }

  Properties properties(std::size_t d) const override {
    const std::size_t longest = blocks_.longest(d);
    const double bits = d == 0 ? 1 : 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
    return {.unbiased = longest == 1,
            .delta = 1 / static_cast<double>(longest),
            .bits_per_coordinate = bits,
            .suggested_gamma = 0.4};
  }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey&, State& state,
                                   std::span<std::byte> out) const override {
    const std::size_t size = max_payload_size(x.size());
    PARLEY_CHECK(out.size() >= size, out.size(), x.size());
    const auto stretches = cut(x.size(), state);
    const bool finite = all_of_tasks(state, x.size(), stretches.size(), [&](std::size_t task, std::size_t) {
      const BlockRun& stretch = stretches[task];
      return is_long(stretch) ||
             kernels::to_signs(x.data() + stretch.start, stretch.length, stretch.block, out.data() + stretch.bytes);
    });
    for (const BlockRun& stretch : stretches)
      if (is_long(stretch) && !encode_long(x.subspan(stretch.start, stretch.length), state, out.data() + stretch.bytes))
        return not_finite(x);
    if (!finite) return not_finite(x);
    return size;
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State& state,
                                std::span<float> y) const override {
    const std::size_t size = max_payload_size(y.size());
    if (payload.size() != size) return wrong_size(payload.size(), size);
    const auto stretches = cut(y.size(), state);
    const auto check_task = [&](std::size_t task) { return check(payload, stretches[task]); };
    if (auto checked = first_refusal(state, y.size(), stretches.size(), check_task); !checked) return checked;
    for_each_task(state, y.size(), stretches.size(), [&](std::size_t task, std::size_t) {
      const BlockRun& stretch = stretches[task];
      if (!is_long(stretch))
        kernels::add_signs(payload.data() + stretch.bytes, stretch.length, stretch.block, scale,
                           y.data() + stretch.start);
    });
    for (const BlockRun& stretch : stretches)
      if (is_long(stretch))
        add_long(payload.data() + stretch.bytes, scale, state, y.subspan(stretch.start, stretch.length));
    return {};
  }

 private:
  std::span<const BlockRun> cut(std::size_t d, State& state) const {
    auto& own = own_state<SignState>(state);
    if (own.d != d) blocks_.cut(d, kernels::sign_block_size, own.stretches);
    own.d = d;
    return own.stretches;
  }

  /// What kernels::to_signs does to one block.
  static bool encode_long(std::span<const float> x, State& state, std::byte* to) {
    std::vector<double>& sums = own_state<SignState>(state).sums;
    const Pieces pieces(x.size(), 1);
    sums.resize(std::max(sums.size(), pieces.count()));
    std::byte* bits = to + sizeof(float);
    for_each_piece(state, x.size(), 1, [&](std::size_t first, std::size_t length, std::size_t) {
      sums[first / kPiece] = kernels::pack_and_sum(x.data() + first, length, bits + first / 8);
    });
    const double sum = std::accumulate(sums.begin(), sums.begin() + static_cast<std::ptrdiff_t>(pieces.count()), 0.0);
    const double mean = sum / static_cast<double>(x.size());
    if (!(mean <= std::numeric_limits<double>::max())) return false;
    const auto alpha = static_cast<float>(std::min<double>(mean, std::numeric_limits<float>::max()));
    store(to, alpha);
    if (alpha < std::numeric_limits<float>::min()) std::fill_n(to, kernels::sign_block_size(x.size()), std::byte{0});
    return true;
  }

  static void add_long(const std::byte* from, float scale, const State& state, std::span<float> y) {
    const auto alpha = load<float>(from);
    if (alpha == 0) return;
    for_each_piece(state, y.size(), 1, [&](std::size_t first, std::size_t length, std::size_t) {
      kernels::add_sign_bits(from + sizeof alpha + first / 8, length, scale * alpha, -(scale * alpha),
                             y.data() + first);
    });
  }

  static base::Result<void> check(std::span<const std::byte> payload, const BlockRun& stretch) {
    const std::byte* from = payload.data() + stretch.bytes;
    for (std::size_t i = 0, index = stretch.index; i < stretch.length; i += stretch.block, ++index) {
      const std::size_t n = std::min(stretch.block, stretch.length - i);
      if (auto checked = check_block(from, n, index); !checked) return checked;
      from += kernels::sign_block_size(n);
    }
    return {};
  }

  static base::Result<void> check_block(const std::byte* from, std::size_t n, std::size_t index) {
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
