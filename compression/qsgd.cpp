// qsgd: stochastic rounding to s levels of each bucket's norm, either sign; s = 2^(bits-1) - 1 unless levels are given.
//
//   payload := bucket*                          every bucket of `bucket` coordinates, the last one shorter
//   bucket  := norm:f32 ceil(len*bits/8) x u8   two's complement codes of `bits` bits, least significant first; pad
//                                               bits are zero
//
//   r_i = |x_i| s / norm,  level_i = sign(x_i) (floor(r_i) + Bernoulli(frac(r_i)))
//   C(x)_i = norm level_i / (s (1 + shrink))
//
// scaling = unbiased: shrink = 0, E C(x) = x. scaling = contractive: shrink = omega of the bucket, which makes it a
// 1/(1+omega)-contraction, as CHOCO and error feedback need it. Coordinate i of bucket b draws rounding word i of the
// groups (see kernels/philox.h) that begin at Philox block 16 b ceil(bucket/64). A bucket whose level would not be a
// normal float is sent as zeros. With code = elias the payload is that of qsgd_elias.cpp.
#include <algorithm>
#include <bit>
#include <limits>

#include "compression/coding/bucketed.h"
#include "compression/coding/dither.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"
#include "compression/qsgd_elias.h"

namespace parley::compression {
namespace {

class Qsgd final : public Bucketed {
 public:
  Qsgd(std::string spec, const LevelDither& dither)
      : Bucketed(std::move(spec), qsgd_row().wire_id, {dither.bucket, dither.bits, sizeof(float)}),
        dither_(dither),
        full_shrink_(dither.shrink(dither.bucket)) {}

  Properties properties(std::size_t d) const override {
    Properties properties = dither_.properties(d);
    properties.bits_per_coordinate = bits_per_coordinate(d);
    return properties;
  }

 private:
  /// What the receiver divides a bucket of `length` by, less one.
  double shrink(std::size_t length) const { return length == dither_.bucket ? full_shrink_ : dither_.shrink(length); }

  bool encode_bucket(const float* x, std::size_t n, const Draws& draws, State&, std::byte* to) const override {
    const double exact = norm_of(dither_.norm, x, n);
    if (!(exact <= std::numeric_limits<double>::max())) return false;
    const float norm = round_up(exact);
    if (is_negligible(norm, dither_.s, shrink(n))) {
      std::fill_n(to, sizeof norm + code_bytes(n), std::byte{0});
      return true;
    }
    store(to, norm);
    const kernels::LevelGrid grid = level_grid(norm, dither_.s);
    pack(n, draws, to + sizeof norm,
         [&](std::size_t first, std::size_t length, const Draws& here, std::int16_t* levels) {
           kernels::quantise(x + first, length, grid, here.key, here.first_block, levels);
         });
    return true;
  }

  base::Result<void> check_bucket(const std::byte* from, std::size_t n, std::size_t index) const override {
    const std::byte* codes = from + sizeof(float);
    const auto norm_bits = load<std::uint32_t>(from);
    if (norm_bits == 0) return all_zero(codes, code_bytes(n)) ? base::Result<void>() : wrong_code(index);
    if (norm_bits >= kernels::kInfinityBits || is_negligible(std::bit_cast<float>(norm_bits), dither_.s, shrink(n)))
      return wrong_scale(index);
    if (auto checked = check_padding(codes, n); !checked) return checked;
    return check_levels(codes, n, static_cast<int>(dither_.s), index);
  }

  void add_bucket(const std::byte* from, std::size_t n, float scale, float* y) const override {
    const auto norm = load<float>(from);
    if (norm == 0) return;
    const float unit = level_unit(norm, dither_.s, shrink(n));
    unpack(from + sizeof norm, n, [&](std::size_t first, std::size_t length, const std::int16_t* levels) {
      kernels::add_levels(levels, length, unit, scale, y + first);
    });
  }

  LevelDither dither_;
  double full_shrink_;
};

unsigned most_levels(unsigned bits) {
  return (1u << (bits - 1)) - 1;
}

/// With levels only where there are fewer than bits can tell apart, and with code only where it is not the fixed width.
std::string canonical(const LevelDither& dither, bool elias) {
  const std::string levels = dither.s == most_levels(dither.bits) ? "" : fmt::format(", levels={}", dither.s);
  return fmt::format("qsgd(bits={}, bucket={}, norm={}, scaling={}{}{})", dither.bits, dither.bucket,
                     dither.norm == Norm::l2 ? "l2" : "linf", dither.contractive ? "contractive" : "unbiased", levels,
                     elias ? ", code=elias" : "");
}

std::unique_ptr<Compressor> make_qsgd(Blueprint blueprint) {
  const base::Arguments& arguments = blueprint.arguments;
  const auto bits = static_cast<unsigned>(arguments.integer("bits"));
  const auto s = arguments.given("levels") ? static_cast<unsigned>(arguments.integer("levels")) : most_levels(bits);
  if (s > most_levels(bits))
    throw base::OperatorError(fmt::format("in \"{}\": {} levels of either sign need {} bits; say bits={}",
                                          arguments.canonical(), s, level_bits(s), level_bits(s)));
  const LevelDither dither{.s = s,
                           .bits = bits,
                           .bucket = static_cast<std::size_t>(arguments.integer("bucket")),
                           .norm = arguments.is("norm", "l2") ? Norm::l2 : Norm::linf,
                           .contractive = arguments.is("scaling", "contractive")};
  const bool elias = arguments.given("code") && arguments.is("code", "elias");
  if (elias) return make_qsgd_elias(canonical(dither, elias), dither);
  return std::make_unique<Qsgd>(canonical(dither, elias), dither);
}

constexpr base::Parameter kParameters[] = {
    {.name = "bits",
     .kind = base::ParameterKind::integer,
     .fallback = "4",
     .low = 2,
     .high = 16,
     .help = "bits per coordinate, sign included"},
    {.name = "bucket",
     .kind = base::ParameterKind::integer,
     .fallback = "512",
     .low = 8,
     .high = 1 << 20,
     .help = "coordinates that share a norm"},
    {.name = "norm",
     .kind = base::ParameterKind::word,
     .fallback = "linf",
     .choices = "l2|linf",
     .help = "what the levels divide: the bucket's largest magnitude or its Euclidean norm"},
    {.name = "scaling",
     .kind = base::ParameterKind::word,
     .fallback = "contractive",
     .choices = "contractive|unbiased",
     .help = "contractive divides by 1 + omega, which CHOCO and error feedback need"},
    {.name = "levels",
     .kind = base::ParameterKind::integer,
     .low = 1,
     .high = 32767,
     .help = "levels of either sign, if fewer than the 2^(bits-1) - 1 that bits can tell apart"},
    {.name = "code",
     .kind = base::ParameterKind::word,
     .choices = "fixed|elias",
     .help = "fixed if not given; elias is shorter where most levels are 0, as with norm=l2 and few levels"},
};

}  // namespace

Row qsgd_row() {
  return {.name = "qsgd",
          .wire_id = 6,
          .summary = "stochastic rounding to levels of each bucket's norm",
          .source = "Alistarh et al. 2017",
          .parameters = kParameters,
          .takes_values = false,
          .make = make_qsgd};
}

}  // namespace parley::compression
