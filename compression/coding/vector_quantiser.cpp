#include "compression/coding/vector_quantiser.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/coding/vector_codebook.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/codebook.h"
#include "compression/kernels/floats.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/vectors.h"

namespace parley::compression {
namespace {

constexpr std::uint32_t kNegativeZero = 0x80000000;
constexpr std::size_t kPart = 512;  // vectors that are decoded at once; their indices are whole bytes

struct VectorState final : State {
  explicit VectorState(const VectorQuantiserOptions& options)
      : k(options.k), m(options.m), stages(options.stages), codebook(k, m), start(k * m) {
    last.reserve(stages * k * m);
  }

  std::span<const float> memory() const override { return last; }
  base::Result<void> restore(std::span<const float> memory) override;

  std::size_t k, m, stages;
  std::vector<float> last;  ///< codebooks of the last call, of vectors of mean square 1; empty: none
  VectorCodebook codebook;
  std::vector<float> start;
  std::vector<float> left;  ///< of x u, by the stages so far
};

base::Result<void> VectorState::restore(std::span<const float> memory) {
  if (!memory.empty() && memory.size() != stages * k * m)
    return base::Refusal{"memory_size", fmt::format("{} floats for {}", memory.size(), stages * k * m)};
  // A mean is at most the largest coordinate, and that at most sqrt(d) times the root mean square.
  bool possible = std::ranges::all_of(memory, [](float v) { return std::abs(v) <= 0x1p20f; });
  for (std::size_t i = 0; i + 1 < memory.size() / m; ++i)
    possible = possible && ((i + 1) % k == 0 || memory[i * m] <= memory[(i + 1) * m]);
  if (!possible) return base::Refusal{"memory_not_possible", "not a codebook"};
  last.assign(memory.begin(), memory.end());
  return {};
}

class VectorQuantiser final : public Compressor {
 public:
  VectorQuantiser(std::string spec, std::uint8_t wire_id, const VectorQuantiserOptions& options)
      : spec_(std::move(spec)),
        wire_id_(wire_id),
        options_(options),
        width_(static_cast<unsigned>(std::bit_width(options.k - 1))) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return wire_id_; }
  Properties properties(std::size_t d) const override;
  std::size_t max_payload_size(std::size_t d) const override {
    return sends_all(d) ? sizeof(float) * d : coded_size(d);
  }
  std::unique_ptr<State> make_state() const override { return std::make_unique<VectorState>(options_); }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

  void for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const override {
    if (sends_all(d)) return use({0, d, 32});
    use({rest_size(d), 0, width_});
    for (std::size_t stage = 0; stage < options_.stages; ++stage) use({codebook_size(), d / options_.m, width_});
  }

  std::size_t slice() const override { return 8 * options_.m; }  // whose indices are whole bytes
  base::Result<void> check_payload(std::span<const std::byte> payload, std::size_t d) const override;
  void add_slice(std::span<const std::byte> payload, std::size_t d, std::size_t first, float scale,
                 std::span<float> y) const override;

 private:
  std::size_t rest_size(std::size_t d) const { return sizeof(float) * (d % options_.m); }
  std::size_t codebook_size() const { return sizeof(float) * options_.k * options_.m; }
  std::size_t index_size(std::size_t n) const { return (n * width_ + 7) / 8; }
  std::size_t stage_size(std::size_t n) const { return codebook_size() + index_size(n); }
  std::size_t coded_size(std::size_t d) const { return rest_size(d) + options_.stages * stage_size(d / options_.m); }
  bool sends_all(std::size_t d) const { return sizeof(float) * d <= coded_size(d); }

  void encode_stage(std::size_t stage, const VectorInput& input, float unit, const base::PhiloxInput& key,
                    VectorState& own, std::byte* to) const;
  base::Result<void> check_stage(std::span<const std::byte> from, std::size_t n, std::size_t stage) const;

  std::string spec_;
  std::uint8_t wire_id_;
  VectorQuantiserOptions options_;
  unsigned width_;
};

Properties VectorQuantiser::properties(std::size_t d) const {
  if (d == 0) return {.unbiased = true, .delta = 1};
  const bool exact = sends_all(d);
  const auto stages = static_cast<double>(options_.stages);
  constexpr double kRounding = 1 - 0x1p-15;
  const double promised = exact ? 1 : kRounding * VectorCodebook::promised(d / options_.m, options_.m);
  // As for numbers (see ScalarCodebook), with as many of them as there are vectors for each coordinate.
  const double levels = std::pow(static_cast<double>(options_.k), 1 / static_cast<double>(options_.m));
  const double lost = std::pow(std::min(0.6, 2.7 / (levels * levels)), stages);
  return {.unbiased = exact,
          .delta = exact ? 1 : 1 - std::pow(1 - promised, stages),
          .bits_per_coordinate = 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d),
          .suggested_gamma = exact ? 1 : 1 - lost};
}

void VectorQuantiser::encode_stage(std::size_t stage, const VectorInput& input, float unit,
                                   const base::PhiloxInput& key, VectorState& own, std::byte* to) const {
  const std::size_t floats = options_.k * options_.m;
  const double spread = std::sqrt(input.energy / static_cast<double>(input.n * options_.m));
  std::span<float> last = std::span(own.last).subspan(stage * floats, floats);
  const bool warm = options_.warm && spread > 0 && std::ranges::any_of(last, [](float v) { return v != 0; });
  if (warm)
    std::ranges::transform(last, own.start.begin(),
                           [spread](float v) { return static_cast<float>(spread * static_cast<double>(v)); });
  constexpr std::size_t kSampleBlocks = VectorCodebook::kSample / kernels::kGroup * kernels::kBlocksPerGroup;
  own.codebook.find(input, warm ? std::span<const float>(own.start) : std::span<const float>(), options_.iterations,
                    key, static_cast<std::uint32_t>(stage * kSampleBlocks));
  kernels::copy_f32(own.codebook.send(unit).data(), floats, to);
  kernels::pack_indices(own.codebook.index().data(), input.n, width_, to + codebook_size());
  const float* scaled = own.codebook.centroids().values;
  for (std::size_t i = 0; i < floats; ++i)
    last[i] = spread > 0 ? static_cast<float>(static_cast<double>(scaled[i]) / spread) : 0.0f;
}

base::Result<std::size_t> VectorQuantiser::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                                  std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()) && x.size() <= 0xFFFFFFFF, out.size(), x.size());
  if (sends_all(x.size())) {
    if (kernels::copy_f32(x.data(), x.size(), out.data()) >= kernels::kInfinityBits) return not_finite(x);
    return sizeof(float) * x.size();
  }
  auto& own = own_state<VectorState>(state);
  const std::size_t n = x.size() / options_.m, body = n * options_.m;
  const kernels::Spread spread = kernels::spread(x.data(), body);
  const std::uint32_t in_rest = kernels::copy_f32(x.data() + body, x.size() - body, out.data());
  if (std::max(spread.largest_bits, in_rest) >= kernels::kInfinityBits) return not_finite(x);
  const float unit = std::ldexp(1.0f, 127 - static_cast<int>(spread.largest_bits >> 23));
  const double square = static_cast<double>(unit) * static_cast<double>(unit);
  VectorInput input{x.data(), n, unit, spread.sum_of_squares * square};
  own.last.resize(options_.stages * options_.k * options_.m);
  if (options_.stages > 1) own.left.resize(std::max(own.left.size(), body));
  const base::PhiloxInput words = base::philox_input(key);
  std::byte* to = out.data() + rest_size(x.size());
  for (std::size_t stage = 0; stage < options_.stages; ++stage, to += stage_size(n)) {
    encode_stage(stage, input, unit, words, own, to);
    if (stage + 1 == options_.stages) break;
    kernels::subtract_centroids(input.x, n, input.u, own.codebook.centroids(), own.codebook.index().data(),
                                own.left.data());
    input = {own.left.data(), n, 1.0f, kernels::sum_of_squares(own.left.data(), body)};
  }
  return coded_size(x.size());
}

base::Result<void> VectorQuantiser::check_stage(std::span<const std::byte> from, std::size_t n,
                                                std::size_t stage) const {
  const std::size_t m = options_.m, floats = options_.k * m;
  if (kernels::max_magnitude_bits(from.data(), floats) >= kernels::kInfinityBits) return wrong_code(stage);
  std::array<float, 256 * kernels::kMostVectorLength> values;
  std::memcpy(values.data(), from.data(), sizeof(float) * floats);
  for (std::size_t i = 0; i < floats; ++i)
    if (std::bit_cast<std::uint32_t>(values[i]) == kNegativeZero) return not_canonical("a centroid");
  const auto vector = [&](std::size_t i) { return std::span<const float>(values).subspan(i * m, m); };
  std::size_t used = 1;
  while (used < options_.k && std::ranges::lexicographical_compare(vector(used - 1), vector(used))) ++used;
  for (std::size_t i = used; i < options_.k; ++i)
    if (!std::ranges::equal(vector(i), vector(used - 1))) return not_canonical("the codebook");
  const std::span<const std::byte> indices = from.subspan(codebook_size(), index_size(n));
  const std::size_t pad = 8 * indices.size() - n * width_;
  if (pad > 0 && (indices.back() >> (8 - pad)) != std::byte{0}) return not_canonical("the padding");
  return kernels::largest_index(indices.data(), n, width_) < used ? base::Result<void>() : wrong_code(stage);
}

base::Result<void> VectorQuantiser::check_payload(std::span<const std::byte> payload, std::size_t d) const {
  if (payload.size() != max_payload_size(d)) return wrong_size(payload.size(), max_payload_size(d));
  const std::size_t as_they_are = sends_all(d) ? d : d % options_.m;
  if (kernels::max_magnitude_bits(payload.data(), as_they_are) >= kernels::kInfinityBits) return wrong_code(0);
  if (sends_all(d)) return {};
  std::span<const std::byte> from = payload.subspan(rest_size(d));
  for (std::size_t stage = 0; stage < options_.stages; ++stage) {
    if (auto checked = check_stage(from, d / options_.m, stage); !checked) return checked;
    from = from.subspan(stage_size(d / options_.m));
  }
  return {};
}

base::Result<void> VectorQuantiser::decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale,
                                               State&, std::span<float> y) const {
  if (auto checked = check_payload(payload, y.size()); !checked) return checked;
  add_slice(payload, y.size(), 0, scale, y);
  return {};
}

void VectorQuantiser::add_slice(std::span<const std::byte> payload, std::size_t d, std::size_t first, float scale,
                                std::span<float> y) const {
  if (sends_all(d)) return kernels::add_f32(payload.data() + sizeof(float) * first, y.size(), scale, y.data());
  constexpr float kLargest = std::numeric_limits<float>::max();
  const std::size_t m = options_.m, n = d / m;
  const std::byte* stages = payload.data() + rest_size(d);
  std::array<std::uint8_t, kPart> index;
  std::array<float, kPart * kernels::kMostVectorLength> values;
  const std::size_t end = std::min(first + y.size(), n * m) / m;
  for (std::size_t i = first / m; i < end; i += kPart) {
    const std::size_t count = std::min(kPart, end - i);
    for (std::size_t stage = 0; stage < options_.stages; ++stage) {
      const std::byte* from = stages + stage * stage_size(n);
      kernels::unpack_indices(from + codebook_size() + index_size(i), count, width_, index.data());
      if (stage == 0) {
        kernels::copy_centroids(index.data(), count, m, from, values.data());
      } else {
        kernels::add_centroids(index.data(), count, m, from, values.data());
      }
    }
    for (std::size_t j = 0; j < count * m; ++j) values[j] = std::clamp(values[j], -kLargest, kLargest);
    kernels::add_f32(std::as_bytes(std::span(values)).data(), count * m, scale, y.data() + i * m - first);
  }
  if (first + y.size() <= n * m) return;
  const std::size_t begin = std::max(first, n * m);
  kernels::add_f32(payload.data() + sizeof(float) * (begin - n * m), first + y.size() - begin, scale,
                   y.data() + (begin - first));
}

}  // namespace

std::unique_ptr<Compressor> make_vector_quantiser(std::string spec, std::uint8_t wire_id,
                                                  const VectorQuantiserOptions& options) {
  return std::make_unique<VectorQuantiser>(std::move(spec), wire_id, options);
}

}  // namespace parley::compression
