// qsgd: stochastic rounding to s = 2^(bits-1) - 1 levels of each bucket's norm, either sign.
//
//   payload := bucket*                          every bucket of `bucket` coordinates, the last one shorter
//   bucket  := norm:f32 ceil(len*bits/8) x u8   two's complement codes of `bits` bits, least significant first; pad
//   bits
//                                               are zero
//
//   r_i = |x_i| s / norm,  level_i = sign(x_i) (floor(r_i) + Bernoulli(frac(r_i))),  C(x)_i = norm level_i / (s
//   (1+shrink))
//
// scaling = unbiased: shrink = 0, E C(x) = x. scaling = contractive: shrink = omega of the bucket, which makes it a
// 1/(1+omega)-contraction, as CHOCO and error feedback need it. Coordinate i of bucket b draws word i of the groups
// that begin at Philox block 16 b ceil(bucket/64). A bucket whose level would not be a normal float is sent as zeros.
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

namespace parley::compression {
namespace {

using kernels::kGroup;

/// Coordinates whose levels are held between quantising and packing: whole groups, so that chunks end on a byte.
constexpr std::size_t kChunk = 8 * kGroup;
using Levels = std::array<std::int16_t, kChunk>;

struct Parameters {
  unsigned bits;
  std::size_t bucket;
  Norm norm;
  bool contractive;
};

class Qsgd final : public Compressor {
 public:
  Qsgd(std::string spec, const Parameters& parameters)
      : spec_(std::move(spec)),
        parameters_(parameters),
        s_((1u << (parameters.bits - 1)) - 1),
        full_shrink_(shrink_of(parameters.bucket)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return qsgd_row().wire_id; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<State>(); }

  std::size_t max_payload_size(std::size_t d) const override {
    const std::size_t bucket = parameters_.bucket;
    const std::size_t rest = d % bucket;
    return d / bucket * bucket_size(bucket) + (rest > 0 ? bucket_size(rest) : 0);
  }

  Properties properties(std::size_t d) const override;
  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  std::size_t code_bytes(std::size_t n) const { return (n * parameters_.bits + 7) / 8; }
  std::size_t bucket_size(std::size_t n) const { return sizeof(float) + code_bytes(n); }

  /// What the receiver divides a bucket of `length` by, less one.
  double shrink(std::size_t length) const { return length == parameters_.bucket ? full_shrink_ : shrink_of(length); }
  double shrink_of(std::size_t length) const {
    return parameters_.contractive ? dither_variance(parameters_.norm, length, s_) : 0;
  }

  /// Not finite or above the largest float if x has a NaN or an infinity.
  double norm_of(const float* x, std::size_t n) const;
  void encode_bucket(const float* x, std::size_t n, float norm, const base::PhiloxInput& key, std::uint32_t first_block,
                     std::byte* to) const;
  base::Result<void> check_bucket(const std::byte* from, std::size_t n, std::size_t index) const;
  void add_bucket(const std::byte* from, std::size_t n, float scale, float* y) const;

  std::string spec_;
  Parameters parameters_;
  unsigned s_;
  double full_shrink_;
};

Properties Qsgd::properties(std::size_t d) const {
  const std::size_t longest = std::clamp<std::size_t>(d, 1, parameters_.bucket);
  const double omega = dither_variance(parameters_.norm, longest, s_);
  Properties properties;
  properties.unbiased = !parameters_.contractive || omega == 0;
  properties.omega = properties.unbiased ? omega : 0;
  properties.delta = parameters_.contractive ? 1 / (1 + omega) : std::max(0.0, 1 - omega);
  if (d > 0) properties.bits_per_coordinate = 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
  properties.suggested_gamma = std::min(1.0, 2 / (1 + omega));
  return properties;
}

double Qsgd::norm_of(const float* x, std::size_t n) const {
  if (parameters_.norm == Norm::l2) return std::sqrt(kernels::sum_of_squares(x, n));
  return std::bit_cast<float>(kernels::max_magnitude_bits(x, n));
}

base::Result<std::size_t> Qsgd::encode(std::span<const float> x, const base::RandomKey& key, State&,
                                       std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
  const base::PhiloxInput philox = base::philox_input(key);
  const std::size_t groups = (parameters_.bucket + kGroup - 1) / kGroup;
  std::byte* to = out.data();
  std::uint32_t block = 0;
  for (std::size_t i = 0; i < x.size(); i += parameters_.bucket) {
    const std::size_t n = std::min(parameters_.bucket, x.size() - i);
    const double exact = norm_of(x.data() + i, n);
    if (!(exact <= std::numeric_limits<double>::max())) return not_finite(x);
    const float norm = round_up(exact);
    if (is_negligible(norm, s_, shrink(n))) {
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
  const kernels::LevelGrid grid = level_grid(norm, s_);
  Levels levels;
  store(to, norm);
  to += sizeof norm;
  for (std::size_t i = 0; i < n; i += kChunk) {
    const std::size_t length = std::min(kChunk, n - i);
    kernels::quantise(x + i, length, grid, key, first_block, levels.data());
    kernels::pack_levels(levels.data(), length, parameters_.bits, to + code_bytes(i));
    first_block += kChunk / kGroup * kernels::kBlocksPerGroup;
  }
}

base::Result<void> Qsgd::decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State&,
                                    std::span<float> y) const {
  if (payload.size() != max_payload_size(y.size())) return wrong_size(payload.size(), max_payload_size(y.size()));
  const std::size_t bucket = parameters_.bucket;
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
  if (norm_bits >= kernels::kInfinityBits || is_negligible(std::bit_cast<float>(norm_bits), s_, shrink(n)))
    return wrong_scale(index);
  const std::size_t pad = 8 * bytes - n * parameters_.bits;
  if (pad > 0 && (codes[bytes - 1] >> (8 - pad)) != std::byte{0}) return not_canonical("the padding");
  Levels levels;
  for (std::size_t i = 0; i < n; i += kChunk) {
    const std::size_t length = std::min(kChunk, n - i);
    kernels::unpack_levels(codes + code_bytes(i), length, parameters_.bits, levels.data());
    if (kernels::smallest_level(levels.data(), length) < -static_cast<int>(s_)) return wrong_code(index);
  }
  return {};
}

void Qsgd::add_bucket(const std::byte* from, std::size_t n, float scale, float* y) const {
  const auto norm = load<float>(from);
  if (norm == 0) return;
  const float unit = level_unit(norm, s_, shrink(n));
  const std::byte* codes = from + sizeof norm;
  Levels levels;
  for (std::size_t i = 0; i < n; i += kChunk) {
    const std::size_t length = std::min(kChunk, n - i);
    kernels::unpack_levels(codes + code_bytes(i), length, parameters_.bits, levels.data());
    kernels::add_levels(levels.data(), length, unit, scale, y + i);
  }
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
};

}  // namespace

Row qsgd_row() {
  return {.name = "qsgd",
          .wire_id = 6,
          .summary = "stochastic rounding to levels of each bucket's norm",
          .source = "Alistarh et al. 2017",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            return std::make_unique<Qsgd>(arguments.canonical(),
                                          Parameters{.bits = static_cast<unsigned>(arguments.integer("bits")),
                                                     .bucket = static_cast<std::size_t>(arguments.integer("bucket")),
                                                     .norm = arguments.is("norm", "l2") ? Norm::l2 : Norm::linf,
                                                     .contractive = arguments.is("scaling", "contractive")});
          }};
}

}  // namespace parley::compression
