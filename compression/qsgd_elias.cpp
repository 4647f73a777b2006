// qsgd(code=elias): the levels of qsgd in a stream of Elias codes, which pays when most of them are 0.
//
//   payload := ceil(d/bucket) x norm:f32, stream
//   stream  := bucket*                       of the buckets whose norm is not 0, as in coding/elias.h; padded with zero
//                                            bits to a byte
//
// Norms, levels, random words and what is decoded are those of qsgd with the same parameters.
#include "compression/qsgd_elias.h"

#include <bit>
#include <limits>
#include <vector>

#include "compression/coding/elias.h"
#include "compression/coding/gaussian_levels.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/levels.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/scan.h"

namespace parley::compression {
namespace {

struct LevelState final : State {
  std::vector<std::int16_t> levels;  ///< of a bucket when encoding, of all buckets when decoding, in whole groups each
};

class QsgdElias final : public Compressor {
 public:
  QsgdElias(std::string spec, const LevelDither& dither)
      : spec_(std::move(spec)),
        dither_(dither),
        alphabet_{dither.s, dither.bits},
        full_shrink_(shrink_of(dither.bucket)),
        full_bits_(expected_bits(dither.bucket)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return kQsgdEliasWireId; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<LevelState>(); }

  std::size_t max_payload_size(std::size_t d) const override {
    const std::size_t rest = d % dither_.bucket;
    const std::size_t bits = d / dither_.bucket * max_elias_bits(dither_.bucket, alphabet_) +
                             (rest > 0 ? max_elias_bits(rest, alphabet_) : 0);
    return buckets(d) * sizeof(float) + (bits + 7) / 8;
  }

  Properties properties(std::size_t d) const override;
  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  std::size_t buckets(std::size_t d) const { return (d + dither_.bucket - 1) / dither_.bucket; }
  /// The bucket in whole groups of random words.
  std::size_t stride() const { return (dither_.bucket + kernels::kGroup - 1) / kernels::kGroup * kernels::kGroup; }
  double shrink(std::size_t length) const { return length == dither_.bucket ? full_shrink_ : shrink_of(length); }
  /// For a coordinate of Gaussian buckets of that length.
  double expected_bits(std::size_t length) const;
  double shrink_of(std::size_t length) const { return dither_.shrink(length); }
  /// Reads all levels into the state.
  base::Result<void> read(std::span<const std::byte> payload, LevelState& state, std::size_t d) const;

  std::string spec_;
  LevelDither dither_;
  LevelAlphabet alphabet_;
  double full_shrink_, full_bits_;
};

double QsgdElias::expected_bits(std::size_t length) const {
  const std::vector<double> levels = gaussian_levels(dither_.norm, length, dither_.s);
  return expected_elias_bits(levels.data(), alphabet_) + 34 / static_cast<double>(length);
}

Properties QsgdElias::properties(std::size_t d) const {
  Properties properties = dither_.properties(d);
  const std::size_t longest = std::clamp<std::size_t>(d, 1, dither_.bucket);
  properties.bits_per_coordinate = longest == dither_.bucket ? full_bits_ : expected_bits(longest);
  return properties;
}

base::Result<std::size_t> QsgdElias::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                            std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
  auto& levels = own_state<LevelState>(state).levels;
  if (levels.size() < stride()) levels.resize(stride());
  const base::PhiloxInput philox = base::philox_input(key);
  const auto groups = static_cast<std::uint32_t>(stride() / kernels::kGroup);
  std::byte* norms = out.data();
  BitWriter stream(norms + buckets(x.size()) * sizeof(float));
  std::uint32_t block = 0;
  for (std::size_t i = 0; i < x.size(); i += dither_.bucket, block += groups * kernels::kBlocksPerGroup) {
    const std::size_t n = std::min(dither_.bucket, x.size() - i);
    const double exact = norm_of(dither_.norm, x.data() + i, n);
    if (!(exact <= std::numeric_limits<double>::max())) return not_finite(x);
    const float norm = round_up(exact);
    const bool negligible = is_negligible(norm, dither_.s, shrink(n));
    store(norms, negligible ? 0.0f : norm);
    norms += sizeof norm;
    if (negligible) continue;
    kernels::quantise(x.data() + i, n, level_grid(norm, dither_.s), philox, block, levels.data());
    put_levels(stream, levels.data(), n, alphabet_);
  }
  return static_cast<std::size_t>(stream.finish() - out.data());
}

base::Result<void> QsgdElias::read(std::span<const std::byte> payload, LevelState& state, std::size_t d) const {
  const std::size_t header = buckets(d) * sizeof(float);
  if (payload.size() < header) return truncated(payload.size());
  if (state.levels.size() < buckets(d) * stride()) state.levels.resize(buckets(d) * stride());
  BitReader stream(payload.subspan(header));
  for (std::size_t i = 0; i < d; i += dither_.bucket) {
    const std::size_t n = std::min(dither_.bucket, d - i), index = i / dither_.bucket;
    const auto norm_bits = load<std::uint32_t>(payload.data() + index * sizeof(float));
    if (norm_bits == 0) continue;
    if (norm_bits >= kernels::kInfinityBits || is_negligible(std::bit_cast<float>(norm_bits), dither_.s, shrink(n)))
      return wrong_scale(index);
    const bool known = get_levels(stream, n, alphabet_, state.levels.data() + index * stride());
    if (!stream.good()) return truncated(payload.size());
    if (!known) return wrong_code(index);
  }
  if (!stream.align()) return not_canonical("the padding");
  if (header + stream.position() != payload.size()) return wrong_size(payload.size(), header + stream.position());
  return {};
}

base::Result<void> QsgdElias::decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale,
                                         State& state, std::span<float> y) const {
  auto& own = own_state<LevelState>(state);
  if (auto known = read(payload, own, y.size()); !known) return known;
  for (std::size_t i = 0; i < y.size(); i += dither_.bucket) {
    const std::size_t n = std::min(dither_.bucket, y.size() - i), index = i / dither_.bucket;
    const auto norm = load<float>(payload.data() + index * sizeof(float));
    if (norm == 0) continue;
    const float unit = level_unit(norm, dither_.s, shrink(n));
    kernels::add_levels(own.levels.data() + index * stride(), n, unit, scale, y.data() + i);
  }
  return {};
}

}  // namespace

std::unique_ptr<Compressor> make_qsgd_elias(std::string spec, const LevelDither& dither) {
  return std::make_unique<QsgdElias>(std::move(spec), dither);
}

}  // namespace parley::compression
