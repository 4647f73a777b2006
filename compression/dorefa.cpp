// dorefa: DoReFa-Net's quantiser of gradients, stochastic rounding to 2^bits points from -m to m of each bucket.
//
//   payload := bucket*      as in coding/bucketed.h
//   header  := m:f32;       code = level - 2^(bits-1)
//
//   r_i = (x_i / (2m) + 1/2) s,  s = 2^bits - 1,  level_i = floor(r_i) + Bernoulli(frac(r_i)),  m = max |x_i|
//   C(x)_i = 2m (level_i / s - 1/2) / (1 + shrink)
//
// Rounding r_i plus noise that is uniform on (-1/2, 1/2), as the paper has it, is the same. shrink is omega of the
// bucket when scaling is contractive, and 0 when unbiased. A bucket whose steps would not be normal floats is sent as
// zeros, with m = 0. There is no level for 0 in any bucket else. Where the extremes of a bucket are -m and m, codes and
// values are those of uniform(range=linear).
#include <bit>

#include "compression/coding/affine.h"
#include "compression/coding/bucketed.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

/// One coordinate is m, which is a point; the others lose most, half a step, at 0.
double variance_bound(std::size_t length, unsigned s) {
  return static_cast<double>(length - 1) / (static_cast<double>(s) * s);
}

class Dorefa final : public Bucketed {
 public:
  Dorefa(std::string spec, std::size_t bucket, unsigned bits, bool contractive)
      : Bucketed(std::move(spec), dorefa_row().wire_id, {bucket, bits, sizeof(float)}),
        contractive_(contractive),
        s_(affine_steps(bits)) {}

  Properties properties(std::size_t d) const override {
    const double omega = variance_bound(longest_bucket(d), s_);
    Properties properties;
    properties.unbiased = !contractive_ || omega == 0;
    properties.omega = properties.unbiased ? omega : 0;
    properties.delta = contractive_ ? 1 / (1 + omega) : std::max(0.0, 1 - omega);
    properties.bits_per_coordinate = bits_per_coordinate(d);
    properties.suggested_gamma = std::min(1.0, 2 / (1 + omega));
    return properties;
  }

 private:
  AffinePoints points(float m, std::size_t n) const { return {-m, m, s_, contractive_ ? variance_bound(n, s_) : 0}; }

  bool encode_bucket(const float* x, std::size_t n, const Draws& draws, State&, std::byte* to) const override {
    const std::uint32_t norm_bits = kernels::max_magnitude_bits(x, n);
    if (norm_bits >= kernels::kInfinityBits) return false;
    const auto m = std::bit_cast<float>(norm_bits);
    if (points(m, n).is_flat()) {
      std::fill_n(to, sizeof m + code_bytes(n), std::byte{0});
      return true;
    }
    store(to, m);
    const kernels::AffineGrid grid = affine_grid(-m, m, bits());
    pack(n, draws, to + sizeof m, [&](std::size_t first, std::size_t length, const Draws& here, std::int16_t* levels) {
      kernels::quantise_affine(x + first, length, grid, here.key, here.first_block, levels);
    });
    return true;
  }

  base::Result<void> check_bucket(const std::byte* from, std::size_t n, std::size_t index) const override {
    const std::byte* codes = from + sizeof(float);
    const auto norm_bits = load<std::uint32_t>(from);
    if (norm_bits == 0) return all_zero(codes, code_bytes(n)) ? base::Result<void>() : wrong_code(index);
    if (norm_bits >= kernels::kInfinityBits || points(std::bit_cast<float>(norm_bits), n).is_flat())
      return wrong_scale(index);
    return check_padding(codes, n);
  }

  void add_bucket(const std::byte* from, std::size_t n, float scale, float* y) const override {
    const auto m = load<float>(from);
    if (m == 0) return;
    const AffinePoints these = points(m, n);
    unpack(from + sizeof m, n, [&](std::size_t first, std::size_t length, const std::int16_t* levels) {
      kernels::add_affine(levels, length, these.base, these.unit, scale, y + first);
    });
  }

  bool contractive_;
  unsigned s_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "bits",
     .kind = base::ParameterKind::integer,
     .fallback = "4",
     .low = 1,
     .high = 8,
     .help = "bits per coordinate"},
    {.name = "bucket",
     .kind = base::ParameterKind::integer,
     .fallback = "512",
     .low = 8,
     .high = 1 << 20,
     .help = "coordinates that share a maximum"},
    {.name = "scaling",
     .kind = base::ParameterKind::word,
     .fallback = "contractive",
     .choices = "contractive|unbiased",
     .help = "contractive divides by 1 + omega, which CHOCO and error feedback need"},
};

}  // namespace

Row dorefa_row() {
  return {.name = "dorefa",
          .wire_id = 35,
          .summary = "stochastic rounding to 2^bits points from minus to plus each bucket's largest magnitude",
          .source = "Zhou et al. 2016",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            return std::make_unique<Dorefa>(
                arguments.canonical(), static_cast<std::size_t>(arguments.integer("bucket")),
                static_cast<unsigned>(arguments.integer("bits")), arguments.is("scaling", "contractive"));
          }};
}

}  // namespace parley::compression
