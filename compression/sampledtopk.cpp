// sampledtopk: about k coordinates of largest magnitude, those not below a threshold that a random sample suggests.
//
//   payload := kept      at most min(d, k + ceil(k/4)) of d coordinates, see coding/kept_code.h
//
// Of s coordinates drawn at random with replacement, the r-th largest magnitude is the threshold, r = round(k (s + 1) /
// d): on average k are not below it. If more than the bound are not, the largest of them are sent. Small vectors
// (s > d/2) and small k (r < 16), which a sample says little about, are searched exactly, for k.
//
// What is sent are the c largest of all, so |C(x) - x|^2 <= (1 - c/d)|x|^2, and c is at least the rank of the r-th of s
// uniform numbers: Beta(r, s - r + 1) distributed, cut at the bound. See share() below.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <vector>

#include "compression/coding/kept_code.h"
#include "compression/coding/kept_count.h"
#include "compression/coding/largest.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/kernels/philox.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

/// How the threshold is found for k of d.
struct Sampling {
  std::size_t size, rank;

  Sampling(std::size_t d, std::size_t k) {
    constexpr std::size_t kFewest = 256, kMost = 16384;
    size = std::clamp(d / 16, kFewest, kMost);
    rank = d == 0 ? 0
                  : static_cast<std::size_t>(
                        std::round(static_cast<double>(k) * static_cast<double>(size + 1) / static_cast<double>(d)));
    if (rank < 16 || rank > size || size > d / 2) rank = 0;
  }
  bool exact() const { return rank == 0; }
};

std::size_t bound_of(std::size_t d, std::size_t k) {
  return std::min(d, k + (k + 3) / 4);
}

/// A lower bound on E min(c, bound)/d.
double share(std::size_t d, std::size_t k) {
  const double n = static_cast<double>(d);
  const Sampling sampling(d, k);
  if (d == 0) return 1;
  if (sampling.exact()) return static_cast<double>(k) / n;
  const double r = static_cast<double>(sampling.rank), s = static_cast<double>(sampling.size);
  const double mean = r / (s + 1), variance = r * (s + 1 - r) / ((s + 1) * (s + 1) * (s + 2));
  // E max(X - a, 0) <= (sqrt(variance + (a - mean)^2) - (a - mean)) / 2 for every X (Scarf 1958).
  const double a = static_cast<double>(bound_of(d, k)) / n - mean;
  const double cut = (std::sqrt(variance + a * a) - a) / 2;
  // A word of 32 bits draws some coordinates with probability 1/d + 2^-32 instead of 1/d.
  return (mean - cut) / (1 + n * 0x1p-32);
}

struct SampledState final : State {
  explicit SampledState(KeptCode::Scratch made) : scratch(std::move(made)) {}

  void share_with(base::Executor& executor) override {
    State::share_with(executor);
    scratch.values_state->share_with(executor);
  }

  KeptCode::Scratch scratch;
  std::vector<std::uint32_t> sample;
  LargestFinder finder;
};

class Sampledtopk final : public Compressor {
 public:
  Sampledtopk(const KeptCount& kept, std::unique_ptr<Compressor> values)
      : spec_(joined_spec(fmt::format("sampledtopk({})", kept.text()), values.get())),
        kept_(kept),
        code_(std::move(values)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return sampledtopk_row().wire_id; }
  Properties properties(std::size_t d) const override;
  std::size_t max_payload_size(std::size_t d) const override { return code_.max_size(d, bound_of(d, kept_.of(d))); }
  std::unique_ptr<State> make_state() const override { return std::make_unique<SampledState>(code_.make_scratch()); }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override {
    PARLEY_CHECK(y.size() <= kMostCoordinates, y.size());
    const std::size_t bound = bound_of(y.size(), kept_.of(y.size()));
    const auto kept = code_.decode(payload, y.size(), bound, key, own_state<SampledState>(state).scratch);
    if (!kept) return kept.refusal();
    kept->add(scale, y, state);
    return {};
  }

 private:
  std::string spec_;
  KeptCount kept_;
  KeptCode code_;
};

Properties Sampledtopk::properties(std::size_t d) const {
  const std::size_t k = kept_.of(d);
  const Properties of_values = code_.values().properties(bound_of(d, k));
  const double n = static_cast<double>(d), wanted = d == 0 ? 1 : static_cast<double>(k) / n;
  Properties properties;
  properties.delta = share(d, k) * of_values.delta;
  if (d > 0) properties.bits_per_coordinate = (code_.expected_bits(d, k) + (k < bound_of(d, k) ? 32 : 0)) / n;
  properties.suggested_gamma = std::min(1.0, 2 * wanted) * of_values.suggested_gamma;
  return properties;
}

/// The rank-th largest magnitude of the sample.
std::uint32_t sampled_threshold(std::span<const float> x, const Sampling& sampling, const base::RandomKey& key,
                                std::vector<std::uint32_t>& sample) {
  if (sample.size() < sampling.size) sample.resize(sampling.size);
  const base::PhiloxInput philox = base::philox_input(key);
  std::array<std::uint32_t, kernels::kGroup> words;
  for (std::size_t i = 0; i < sampling.size; ++i) {
    if (i % words.size() == 0)
      kernels::random_words(philox, static_cast<std::uint32_t>(i / words.size()) * kernels::kBlocksPerGroup, 1,
                            words.data());
    const std::size_t place = static_cast<std::size_t>((std::uint64_t{words[i % words.size()]} * x.size()) >> 32);
    sample[i] = std::bit_cast<std::uint32_t>(x[place]) & 0x7FFFFFFFu;
  }
  const auto nth = sample.begin() + static_cast<std::ptrdiff_t>(sampling.rank - 1);
  std::nth_element(sample.begin(), nth, sample.begin() + static_cast<std::ptrdiff_t>(sampling.size), std::greater<>());
  return *nth;
}

base::Result<std::size_t> Sampledtopk::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                              std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()) && x.size() <= kMostCoordinates, out.size(), x.size());
  if (x.empty()) return std::size_t{0};
  auto& own = own_state<SampledState>(state);
  const std::size_t k = kept_.of(x.size());
  const Sampling sampling(x.size(), k);
  const std::size_t bound = bound_of(x.size(), k);
  const auto count =
      sampling.exact()
          ? own.finder.find(x, k, state)
          : own.finder.find_from(x, std::max(sampled_threshold(x, sampling, key, own.sample), 1u), bound, state);
  if (!count) return not_finite(x);
  return code_.encode({own.finder.indices(*count), own.finder.values(*count)}, x.size(), bound, key, own.scratch, out);
}

constexpr base::Parameter kParameters[] = {kKeptRatio, kKeptNumber};

}  // namespace

Row sampledtopk_row() {
  return {.name = "sampledtopk",
          .wire_id = 51,
          .summary = "about k coordinates of largest magnitude, above a threshold found by sampling",
          .source = "Lin et al. 2018 (the threshold); the bounds are ours",
          .parameters = kParameters,
          .takes_values = true,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return std::make_unique<Sampledtopk>(KeptCount(blueprint.arguments), std::move(blueprint.values));
          }};
}

}  // namespace parley::compression
