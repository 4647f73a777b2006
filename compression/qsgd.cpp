// qsgd: stochastic rounding to s levels of each bucket's norm, either sign; s = 2^(bits-1) - 1 unless levels are given.
//
//   payload := bucket*                            every bucket of `bucket` coordinates, the last one shorter
//   bucket  := norm:f32 ceil(len*width/8) x u8    two's complement codes of width = bits, or as many bits as 2s + 1
//                                                 codes need, least significant first; pad bits are zero
//
//   r_i = |x_i| s / norm,  level_i = sign(x_i) (floor(r_i) + Bernoulli(frac(r_i)))
//   C(x)_i = norm level_i / (s (1 + shrink))
//
// scaling = unbiased: shrink = 0, E C(x) = x. scaling = contractive: shrink = omega of the bucket, which makes it a
// 1/(1+omega)-contraction, as CHOCO and error feedback need it. Coordinate i of bucket b draws word i of the groups
// that begin at Philox block 16 b ceil(bucket/64). A bucket whose level would not be a normal float is sent as zeros.
// With code = elias the payload is that of qsgd_elias.cpp.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "compression/coding/dither.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/levels.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"
#include "compression/qsgd_elias.h"

namespace parley::compression {
namespace {

using kernels::kGroup;

/// Coordinates whose levels are held between quantising and packing: whole groups, so that chunks end on a byte.
constexpr std::size_t kChunk = 8 * kGroup;
using Levels = std::array<std::int16_t, kChunk>;

constexpr unsigned kFallbackBits = 4;

class Qsgd final : public Compressor {
 public:
  Qsgd(std::string spec, const LevelDither& dither)
      : spec_(std::move(spec)), dither_(dither), bits_(dither.width()), full_shrink_(dither.shrink(dither.bucket)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return qsgd_row().wire_id; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<State>(); }

  std::size_t max_payload_size(std::size_t d) const override {
    const std::size_t bucket = dither_.bucket;
    const std::size_t rest = d % bucket;
    return d / bucket * bucket_size(bucket) + (rest > 0 ? bucket_size(rest) : 0);
  }

  Properties properties(std::size_t d) const override;
  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  std::size_t code_bytes(std::size_t n) const { return (n * bits_ + 7) / 8; }
  std::size_t bucket_size(std::size_t n) const { return sizeof(float) + code_bytes(n); }

  /// What the receiver divides a bucket of `length` by, less one.
  double shrink(std::size_t length) const { return length == dither_.bucket ? full_shrink_ : dither_.shrink(length); }

  void encode_bucket(const float* x, std::size_t n, float norm, const base::PhiloxInput& key, std::uint32_t first_block,
                     std::byte* to) const;
  base::Result<void> check_bucket(const std::byte* from, std::size_t n, std::size_t index) const;
  void add_bucket(const std::byte* from, std::size_t n, float scale, float* y) const;

  std::string spec_;
  LevelDither dither_;
  unsigned bits_;
  double full_shrink_;
};

Properties Qsgd::properties(std::size_t d) const {
  Properties properties = dither_.properties(d);
  if (d > 0) properties.bits_per_coordinate = 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
  return properties;
}

base::Result<std::size_t> Qsgd::encode(std::span<const float> x, const base::RandomKey& key, State&,
                                       std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
  const base::PhiloxInput philox = base::philox_input(key);
  const std::size_t groups = (dither_.bucket + kGroup - 1) / kGroup;
  std::byte* to = out.data();
  std::uint32_t block = 0;
  for (std::size_t i = 0; i < x.size(); i += dither_.bucket) {
    const std::size_t n = std::min(dither_.bucket, x.size() - i);
    const double exact = norm_of(dither_.norm, x.data() + i, n);
    if (!(exact <= std::numeric_limits<double>::max())) return not_finite(x);
    const float norm = round_up(exact);
    if (is_negligible(norm, dither_.s, shrink(n))) {
      std::fill_n(to, bucket_size(n), std::byte{0});
    } else {
      encode_bucket(x.data() + i, n, norm, philox, block, to);
    }
    to += bucket_size(n);
    block += static_cast<std::uint32_t>(groups) * kernels::kBlocksPerGroup;
  }
  return max_payload_size(x.size());
}

void Qsgd::encode_bucket(const float* x, std::size_t n, float norm, const base::PhiloxInput& key,
                         std::uint32_t first_block, std::byte* to) const {
  const kernels::LevelGrid grid = level_grid(norm, dither_.s);
  Levels levels;
  store(to, norm);
  to += sizeof norm;
  for (std::size_t i = 0; i < n; i += kChunk) {
    const std::size_t length = std::min(kChunk, n - i);
    kernels::quantise(x + i, length, grid, key, first_block, levels.data());
    kernels::pack_levels(levels.data(), length, bits_, to + code_bytes(i));
    first_block += kChunk / kGroup * kernels::kBlocksPerGroup;
  }
}

base::Result<void> Qsgd::decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State&,
                                    std::span<float> y) const {
  if (payload.size() != max_payload_size(y.size())) return wrong_size(payload.size(), max_payload_size(y.size()));
  const std::size_t bucket = dither_.bucket;
  const std::byte* from = payload.data();
  for (std::size_t i = 0; i < y.size(); i += bucket) {
    const std::size_t n = std::min(bucket, y.size() - i);
    if (auto checked = check_bucket(from, n, i / bucket); !checked) return checked;
    from += bucket_size(n);
  }
  from = payload.data();
  for (std::size_t i = 0; i < y.size(); i += bucket) {
    const std::size_t n = std::min(bucket, y.size() - i);
    add_bucket(from, n, scale, y.data() + i);
    from += bucket_size(n);
  }
  return {};
}

base::Result<void> Qsgd::check_bucket(const std::byte* from, std::size_t n, std::size_t index) const {
  const std::byte* codes = from + sizeof(float);
  const std::size_t bytes = code_bytes(n);
  const auto norm_bits = load<std::uint32_t>(from);
  if (norm_bits == 0) {
    return all_zero(codes, bytes) ? base::Result<void>() : wrong_code(index);
  }
  if (norm_bits >= kernels::kInfinityBits || is_negligible(std::bit_cast<float>(norm_bits), dither_.s, shrink(n)))
    return wrong_scale(index);
  const std::size_t pad = 8 * bytes - n * bits_;
  if (pad > 0 && (codes[bytes - 1] >> (8 - pad)) != std::byte{0}) return not_canonical("the padding");
  Levels levels;
  for (std::size_t i = 0; i < n; i += kChunk) {
    const std::size_t length = std::min(kChunk, n - i);
    kernels::unpack_levels(codes + code_bytes(i), length, bits_, levels.data());
    const auto s = static_cast<int>(dither_.s);
    if (kernels::smallest_level(levels.data(), length) < -s || kernels::largest_level(levels.data(), length) > s)
      return wrong_code(index);
  }
  return {};
}

void Qsgd::add_bucket(const std::byte* from, std::size_t n, float scale, float* y) const {
  const auto norm = load<float>(from);
  if (norm == 0) return;
  const float unit = level_unit(norm, dither_.s, shrink(n));
  const std::byte* codes = from + sizeof norm;
  Levels levels;
  for (std::size_t i = 0; i < n; i += kChunk) {
    const std::size_t length = std::min(kChunk, n - i);
    kernels::unpack_levels(codes + code_bytes(i), length, bits_, levels.data());
    kernels::add_levels(levels.data(), length, unit, scale, y + i);
  }
}

/// With bits where they say the same as levels, and with code only where it is not the fixed width.
std::string canonical(const LevelDither& dither, bool elias) {
  const unsigned bits = dither.width();
  const bool all_codes = dither.s == (1u << (bits - 1)) - 1;
  return fmt::format("qsgd({}={}, bucket={}, norm={}, scaling={}{})", all_codes ? "bits" : "levels",
                     all_codes ? bits : dither.s, dither.bucket, dither.norm == Norm::l2 ? "l2" : "linf",
                     dither.contractive ? "contractive" : "unbiased", elias ? ", code=elias" : "");
}

std::unique_ptr<Compressor> make_qsgd(Blueprint blueprint) {
  const base::Arguments& arguments = blueprint.arguments;
  if (arguments.given("bits") && arguments.given("levels"))
    throw base::OperatorError(fmt::format("in \"{}\": give bits or levels, not both", arguments.canonical()));
  const auto bits = arguments.given("bits") ? static_cast<unsigned>(arguments.integer("bits")) : kFallbackBits;
  const LevelDither dither{
      .s = arguments.given("levels") ? static_cast<unsigned>(arguments.integer("levels")) : (1u << (bits - 1)) - 1,
      .bucket = static_cast<std::size_t>(arguments.integer("bucket")),
      .norm = arguments.is("norm", "l2") ? Norm::l2 : Norm::linf,
      .contractive = arguments.is("scaling", "contractive")};
  const bool elias = arguments.is("code", "elias");
  if (elias) return make_qsgd_elias(canonical(dither, elias), dither);
  return std::make_unique<Qsgd>(canonical(dither, elias), dither);
}

constexpr base::Parameter kParameters[] = {
    {.name = "bits",
     .kind = base::ParameterKind::integer,
     .low = 2,
     .high = 16,
     .help = "bits per coordinate, sign included, for 2^(bits-1) - 1 levels of either sign; 4 if not given"},
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
     .help = "levels of either sign, instead of bits"},
    {.name = "code",
     .kind = base::ParameterKind::word,
     .fallback = "fixed",
     .choices = "fixed|elias",
     .help = "elias: shorter where most levels are 0, as with norm=l2 and few levels"},
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
