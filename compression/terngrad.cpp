// terngrad: -1, 0 or 1 times the largest magnitude of each bucket, which is clipped first.
//
//   payload := bucket*                      every bucket of `bucket` coordinates, the last one shorter, or every tensor
//   bucket  := scale:f32 ceil(len/5) x u8   levels as digits of base three, five a byte: see kernels/trits.h
//
//   sigma^2 = |x|_2^2 / len,  limit = clip sigma,  m = min(|x|_inf, limit)
//   level_i = sign(x_i) Bernoulli(min(|x_i| / m, 1)),  C(x)_i = m level_i / (1 + shrink)
//
// With y the clipped bucket, E m level = y, and the variance is at most omega |y|^2, omega = (sqrt(len) - 1)/2.
// scaling = unbiased: shrink = 0, which is unbiased if nothing is clipped. scaling = contractive: shrink = omega, and
// then E|C(x) - x|^2 <= |x|^2 - <x,y>/(1+omega), since <x,y> >= |y|^2. Of all x a single spike has the smallest
// <x,y>/|x|^2, because min(v, clip sqrt(v/len)) is concave in v = x_i^2/|x|^2: it is min(1, clip/sqrt(len)).
//
// The deviation is taken about zero, where the mean of gradients is. About the mean, a bucket of nearly equal
// coordinates would be clipped to almost nothing. Words are drawn as qsgd draws them: without clipping, both decode to
// the same floats. A bucket whose level would not be a normal float is sent as zeros.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "compression/coding/blockwise.h"
#include "compression/coding/dither.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/trits.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

struct Parameters {
  double clip;  // infinity for none
  bool contractive;
};

class Terngrad final : public Blockwise {
 public:
  Terngrad(std::string spec, Blocks buckets, const Parameters& parameters)
      : Blockwise(std::move(spec), std::move(buckets)), parameters_(parameters) {}

  std::uint8_t wire_id() const override { return terngrad_row().wire_id; }
  Properties properties(std::size_t d) const override;

 private:
  std::size_t block_size(std::size_t n) const override { return sizeof(float) + kernels::trit_bytes(n); }
  Stretch block_stretch(std::size_t n) const override { return {sizeof(float), kernels::trit_bytes(n), 8}; }
  bool encode_block(const float* x, std::size_t n, const BlockWords& words, State& state, std::byte* to) const override;
  base::Result<void> check_block(const std::byte* from, std::size_t n, std::size_t index) const override;
  void add_block(const std::byte* from, std::size_t n, float scale, float* y) const override;

  /// What the receiver divides a bucket of n by, less one.
  double shrink(std::size_t n) const { return parameters_.contractive ? dither_variance(Norm::linf, n, 1) : 0; }

  Parameters parameters_;
};

Properties Terngrad::properties(std::size_t d) const {
  const std::size_t longest = blocks().longest(d);
  const double omega = dither_variance(Norm::linf, longest, 1);
  const double kept = std::min(1.0, parameters_.clip / std::sqrt(static_cast<double>(longest)));
  Properties properties;
  properties.unbiased = kept == 1 && (!parameters_.contractive || omega == 0);
  properties.omega = properties.unbiased ? omega : 0;
  properties.delta = kept * (parameters_.contractive ? 1 / (1 + omega) : std::max(0.0, 1 - omega));
  properties.bits_per_coordinate = bits_per_coordinate(d);
  properties.suggested_gamma = std::min(1.0, 2 / (1 + omega));
  return properties;
}

bool Terngrad::encode_block(const float* x, std::size_t n, const BlockWords& words, State&, std::byte* to) const {
  float m;
  if (std::isfinite(parameters_.clip)) {
    const kernels::Spread spread = kernels::spread(x, n);
    if (spread.largest_bits >= kernels::kInfinityBits) return false;
    const double sigma = std::sqrt(spread.sum_of_squares / static_cast<double>(n));
    m = std::min(std::bit_cast<float>(spread.largest_bits), round_up(parameters_.clip * sigma));
  } else {
    const std::uint32_t largest = kernels::max_magnitude_bits(x, n);
    if (largest >= kernels::kInfinityBits) return false;
    m = std::bit_cast<float>(largest);
  }
  if (is_negligible(m, 1, shrink(n))) {
    std::fill_n(to, block_size(n), std::byte{0});
    return true;
  }
  store(to, m);
  kernels::draw_trits(x, n, level_grid(m, 1), words.key, words.first_block, to + sizeof m);
  return true;
}

base::Result<void> Terngrad::check_block(const std::byte* from, std::size_t n, std::size_t index) const {
  const auto bits = load<std::uint32_t>(from);
  const std::byte* trits = from + sizeof(float);
  if (bits == 0) return all_zero(trits, kernels::trit_bytes(n)) ? base::Result<void>() : wrong_code(index);
  if (bits >= kernels::kInfinityBits || is_negligible(std::bit_cast<float>(bits), 1, shrink(n)))
    return wrong_scale(index);
  return kernels::trits_are_valid(trits, n) ? base::Result<void>() : wrong_code(index);
}

void Terngrad::add_block(const std::byte* from, std::size_t n, float scale, float* y) const {
  const auto m = load<float>(from);
  if (m == 0) return;
  const float amount = scale * level_unit(m, 1, shrink(n));
  kernels::add_trits(from + sizeof m, n, amount, -amount, y);
}

constexpr base::Parameter kParameters[] = {
    {.name = "clip",
     .kind = base::ParameterKind::real,
     .fallback = "2.5",
     .low = 1,
     .high = 1e6,
     .choices = "none",
     .help = "magnitudes above so many root mean squares of the bucket are clipped to that"},
    {.name = "bucket",
     .kind = base::ParameterKind::integer,
     .fallback = "640",
     .low = 8,
     .high = 1 << 20,
     .choices = "row|tensor",
     .help = "coordinates that share a scale"},
    {.name = "scaling",
     .kind = base::ParameterKind::word,
     .fallback = "contractive",
     .choices = "contractive|unbiased",
     .help = "contractive divides by 1 + omega, which CHOCO and error feedback need"},
};

}  // namespace

Row terngrad_row() {
  return {.name = "terngrad",
          .wire_id = 16,
          .summary = "stochastic rounding to -1, 0 or 1 times each bucket's clipped maximum",
          .source = "Wen et al. 2017",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            const bool clips = !arguments.is("clip", "none");
            return std::make_unique<Terngrad>(
                arguments.canonical(), Blocks(arguments, "bucket", blueprint.layout),
                Parameters{.clip = clips ? arguments.real("clip") : std::numeric_limits<double>::infinity(),
                           .contractive = arguments.is("scaling", "contractive")});
          }};
}

}  // namespace parley::compression
