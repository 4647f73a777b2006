// uniform: rounding to equally spaced points of each bucket's range.
//
//   payload := bucket*      as in coding/bucketed.h
//   range = linear: header := low:f32 high:f32   s = 2^bits - 1 steps from low = min x_i to high = max x_i, neither -0;
//                                                code = level - 2^(bits-1)
//   range = absmax: header := norm:f32           s = 2^(bits-1) - 1 steps from 0 to norm = max |x_i|, of either sign;
//                                                code = level. Stochastic rounding is qsgd(norm=linf), to the bit
//
//   linear:  C(x)_i = (low + (high - low) level_i / s) / (1 + shrink)
//   absmax:  C(x)_i = norm level_i / (s (1 + shrink))
//
// rounding = stochastic: up with the fraction as probability; nearest: up if the fraction is above 1/2. shrink is omega
// of the bucket when rounding is stochastic and scaling contractive, and 0 otherwise. A bucket whose steps would not be
// normal floats has codes that are all zero: linear it is low = high, which every coordinate decodes to; absmax it is
// norm = 0.
#include <bit>
#include <cmath>

#include "compression/coding/affine.h"
#include "compression/coding/bucketed.h"
#include "compression/coding/dither.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

struct Rounding {
  bool stochastic;
  bool contractive;
};

/// E|Q(x) - x|^2 <= omega |x|^2 for `length` coordinates and s steps over their range, of either rounding: attained by
/// an odd s when all but the extremes -1 and 1 lie half-way, at 0.
double linear_variance(std::size_t length, unsigned s) {
  return length <= 2 ? 0 : static_cast<double>(length - 2) / (2.0 * s * s);
}

Properties properties_of(const Rounding& rounding, double omega, double nearest_delta, double bits) {
  Properties properties;
  properties.bits_per_coordinate = bits;
  if (!rounding.stochastic) {
    properties.delta = nearest_delta;
    properties.suggested_gamma = std::clamp(2 * nearest_delta, 0.05, 1.0);
    return properties;
  }
  properties.unbiased = !rounding.contractive || omega == 0;
  properties.omega = properties.unbiased ? omega : 0;
  properties.delta = rounding.contractive ? 1 / (1 + omega) : std::max(0.0, 1 - omega);
  properties.suggested_gamma = std::min(1.0, 2 / (1 + omega));
  return properties;
}

class Linear final : public Bucketed {
 public:
  Linear(std::string spec, std::size_t bucket, unsigned bits, const Rounding& rounding)
      : Bucketed(std::move(spec), uniform_row().wire_id, {bucket, bits, 2 * sizeof(float)}),
        rounding_(rounding),
        s_(affine_steps(bits)) {}

  Properties properties(std::size_t d) const override {
    const double omega = linear_variance(longest_bucket(d), s_);
    return properties_of(rounding_, omega, std::max(0.0, 1 - omega), bits_per_coordinate(d));
  }

 private:
  double shrink(std::size_t n) const {
    return rounding_.stochastic && rounding_.contractive ? linear_variance(n, s_) : 0;
  }

  bool encode_bucket(const float* x, std::size_t n, const Draws& draws, State&, std::byte* to) const override {
    const kernels::Range range = kernels::range_of(x, n);
    if (!range.finite) return false;
    std::byte* codes = to + 2 * sizeof(float);
    store(to, range.low);
    if (AffinePoints(range.low, range.high, s_, shrink(n)).is_flat()) {
      store(to + sizeof(float), range.low);
      std::fill_n(codes, code_bytes(n), std::byte{0});
      return true;
    }
    store(to + sizeof(float), range.high);
    const kernels::AffineGrid grid = affine_grid(range.low, range.high, bits());
    pack(n, draws, codes, [&](std::size_t first, std::size_t length, const Draws& here, std::int16_t* levels) {
      if (rounding_.stochastic) {
        kernels::quantise_affine(x + first, length, grid, here.key, here.first_block, levels);
      } else {
        kernels::round_affine(x + first, length, grid, levels);
      }
    });
    return true;
  }

  base::Result<void> check_bucket(const std::byte* from, std::size_t n, std::size_t index) const override {
    const auto low = load<float>(from), high = load<float>(from + sizeof(float));
    const std::byte* codes = from + 2 * sizeof(float);
    if (!std::isfinite(low) || !std::isfinite(high) || low > high) return wrong_scale(index);
    if ((low == 0 && std::signbit(low)) || (high == 0 && std::signbit(high))) return wrong_scale(index);
    if (low == high) return all_zero(codes, code_bytes(n)) ? base::Result<void>() : wrong_code(index);
    if (AffinePoints(low, high, s_, shrink(n)).is_flat()) return wrong_scale(index);
    return check_padding(codes, n);
  }

  void add_bucket(const std::byte* from, std::size_t n, float scale, float* y) const override {
    const auto low = load<float>(from), high = load<float>(from + sizeof(float));
    const bool flat = low == high;
    const AffinePoints points(low, high, s_, shrink(n));
    const float base = flat ? low : points.base, unit = flat ? 0 : points.unit;
    unpack(from + 2 * sizeof(float), n, [&](std::size_t first, std::size_t length, const std::int16_t* levels) {
      kernels::add_affine(levels, length, base, unit, scale, y + first);
    });
  }

  Rounding rounding_;
  unsigned s_;
};

class Absmax final : public Bucketed {
 public:
  Absmax(std::string spec, std::size_t bucket, unsigned bits, const Rounding& rounding)
      : Bucketed(std::move(spec), uniform_row().wire_id, {bucket, bits, sizeof(float)}),
        rounding_(rounding),
        s_((1u << (bits - 1)) - 1) {}

  Properties properties(std::size_t d) const override {
    const std::size_t longest = longest_bucket(d);
    // Nearest: worst when all but one lie just below half a step, and are lost.
    const double lost = static_cast<double>(longest - 1) / (4.0 * s_ * s_);
    return properties_of(rounding_, dither_variance(Norm::linf, longest, s_), 1 / (1 + lost), bits_per_coordinate(d));
  }

 private:
  double shrink(std::size_t n) const {
    return rounding_.stochastic && rounding_.contractive ? dither_variance(Norm::linf, n, s_) : 0;
  }

  bool encode_bucket(const float* x, std::size_t n, const Draws& draws, State&, std::byte* to) const override {
    const std::uint32_t norm_bits = kernels::max_magnitude_bits(x, n);
    if (norm_bits >= kernels::kInfinityBits) return false;
    const auto norm = std::bit_cast<float>(norm_bits);
    if (is_negligible(norm, s_, shrink(n))) {
      std::fill_n(to, sizeof norm + code_bytes(n), std::byte{0});
      return true;
    }
    store(to, norm);
    const kernels::LevelGrid grid = level_grid(norm, s_);
    pack(n, draws, to + sizeof norm,
         [&](std::size_t first, std::size_t length, const Draws& here, std::int16_t* levels) {
           if (rounding_.stochastic) {
             kernels::quantise(x + first, length, grid, here.key, here.first_block, levels);
           } else {
             kernels::round_to_levels(x + first, length, grid, levels);
           }
         });
    return true;
  }

  base::Result<void> check_bucket(const std::byte* from, std::size_t n, std::size_t index) const override {
    const std::byte* codes = from + sizeof(float);
    const auto norm_bits = load<std::uint32_t>(from);
    if (norm_bits == 0) return all_zero(codes, code_bytes(n)) ? base::Result<void>() : wrong_code(index);
    if (norm_bits >= kernels::kInfinityBits || is_negligible(std::bit_cast<float>(norm_bits), s_, shrink(n)))
      return wrong_scale(index);
    if (auto checked = check_padding(codes, n); !checked) return checked;
    return check_levels(codes, n, static_cast<int>(s_), index);
  }

  void add_bucket(const std::byte* from, std::size_t n, float scale, float* y) const override {
    const auto norm = load<float>(from);
    if (norm == 0) return;
    const float unit = level_unit(norm, s_, shrink(n));
    unpack(from + sizeof norm, n, [&](std::size_t first, std::size_t length, const std::int16_t* levels) {
      kernels::add_levels(levels, length, unit, scale, y + first);
    });
  }

  Rounding rounding_;
  unsigned s_;
};

std::unique_ptr<Compressor> make_uniform(Blueprint blueprint) {
  const base::Arguments& arguments = blueprint.arguments;
  const auto bits = static_cast<unsigned>(arguments.integer("bits"));
  const auto bucket = static_cast<std::size_t>(arguments.integer("bucket"));
  const Rounding rounding{.stochastic = arguments.is("rounding", "stochastic"),
                          .contractive = arguments.is("scaling", "contractive")};
  std::string spec = arguments.canonical();
  if (!rounding.stochastic && !rounding.contractive)
    throw base::OperatorError(fmt::format(
        "in \"{}\": rounding to nearest is biased whatever the scaling; use rounding=stochastic, or leave out scaling",
        spec));
  if (arguments.is("range", "linear")) return std::make_unique<Linear>(std::move(spec), bucket, bits, rounding);
  if (bits == 1)
    throw base::OperatorError(
        fmt::format("in \"{}\": range=absmax needs 2 bits, of which one is the sign; use sign for 1 bit", spec));
  return std::make_unique<Absmax>(std::move(spec), bucket, bits, rounding);
}

constexpr base::Parameter kParameters[] = {
    {.name = "bits",
     .kind = base::ParameterKind::integer,
     .fallback = "4",
     .low = 1,
     .high = 16,
     .help = "bits per coordinate"},
    {.name = "bucket",
     .kind = base::ParameterKind::integer,
     .fallback = "256",
     .low = 8,
     .high = 1 << 20,
     .help = "coordinates that share a range"},
    {.name = "rounding",
     .kind = base::ParameterKind::word,
     .fallback = "stochastic",
     .choices = "nearest|stochastic",
     .help = "to the nearest point, or up with the fraction of a step as probability"},
    {.name = "range",
     .kind = base::ParameterKind::word,
     .fallback = "linear",
     .choices = "linear|absmax",
     .help = "from the bucket's smallest value to its largest, or its largest magnitude with either sign"},
    {.name = "scaling",
     .kind = base::ParameterKind::word,
     .fallback = "contractive",
     .choices = "contractive|unbiased",
     .help = "contractive divides stochastic rounding by 1 + omega, which CHOCO and error feedback need"},
};

}  // namespace

Row uniform_row() {
  return {.name = "uniform",
          .wire_id = 34,
          .summary = "rounding to equally spaced points of each bucket's range",
          .source = "Polino et al. 2018",
          .parameters = kParameters,
          .takes_values = false,
          .make = make_uniform};
}

}  // namespace parley::compression
