// randk: k coordinates at random, the same for both ends of a link, so that no index is sent.
//
//   payload := values      the kept values in the order of their indices, coded by the next stage (f32 if there is
//   none)
//
// scaling = biased keeps the values: E|C(x) - x|^2 = (1 - k/d)|x|^2. scaling = unbiased multiplies what arrives by d/k,
// saturating at the largest float: E C(x) = x, omega = d/k - 1.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "compression/coding/kept_code.h"
#include "compression/coding/kept_count.h"
#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/coding/subset.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::size_t kLimit = 0xFFFFFFFF;  // indices are 32 bits
constexpr std::size_t kChunk = 4096;

struct RandkState final : State {
  explicit RandkState(std::unique_ptr<State> of_values) : values_state(std::move(of_values)) {}

  void share_with(base::Executor& executor) override {
    State::share_with(executor);
    values_state->share_with(executor);
  }

  std::unique_ptr<State> values_state;
  SubsetDrawer drawer;
  std::vector<float> values;
};

class Randk final : public Compressor {
 public:
  Randk(const KeptCount& kept, bool unbiased, std::unique_ptr<Compressor> values)
      : spec_(joined_spec(fmt::format("randk({}, scaling={})", kept.text(), unbiased ? "unbiased" : "biased"),
                          values.get())),
        kept_(kept),
        unbiased_(unbiased),
        values_(values_or_identity(std::move(values))) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return randk_row().wire_id; }
  Properties properties(std::size_t d) const override;
  std::size_t max_payload_size(std::size_t d) const override { return values_->max_payload_size(kept_.of(d)); }
  std::unique_ptr<State> make_state() const override { return std::make_unique<RandkState>(values_->make_state()); }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  std::string spec_;
  KeptCount kept_;
  bool unbiased_;
  std::unique_ptr<Compressor> values_;
};

Properties Randk::properties(std::size_t d) const {
  const std::size_t k = kept_.of(d);
  const Properties of_values = values_->properties(k);
  const double share = d == 0 ? 1 : static_cast<double>(k) / static_cast<double>(d);
  Properties properties;
  properties.unbiased = (unbiased_ || k == d) && of_values.unbiased;
  // Composition of unbiased operators: (1 + omega_1)(1 + omega_2) - 1.
  properties.omega = properties.unbiased ? (1 + of_values.omega) / share - 1 : 0;
  if (!unbiased_ || k == d) {
    properties.delta = share * of_values.delta;
  } else if (properties.unbiased) {
    properties.delta = std::max(0.0, 1 - properties.omega);
  }
  properties.bits_per_coordinate = share * of_values.bits_per_coordinate;
  properties.suggested_gamma = std::min(1.0, 0.8 * share) * of_values.suggested_gamma;
  return properties;
}

base::Result<std::size_t> Randk::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                        std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()) && x.size() <= kLimit, out.size(), x.size());
  auto& scratch = own_state<RandkState>(state);
  const std::size_t k = kept_.of(x.size());
  const auto indices = scratch.drawer.draw(x.size(), k, key, state);
  scratch.values.resize(k);
  const bool finite = all_of_pieces(state, x.size(), 1, [&](std::size_t first, std::size_t length, std::size_t) {
    auto j = static_cast<std::size_t>(std::lower_bound(indices.begin(), indices.end(), first) - indices.begin());
    // By the chunk, so that what is kept of it is still in the cache after the check.
    for (std::size_t i = first; i < first + length; i += kChunk) {
      const std::size_t end = std::min(i + kChunk, first + length);
      if (!kernels::all_finite(x.data() + i, end - i)) return false;
      for (; j < k && indices[j] < end; ++j) scratch.values[j] = x[indices[j]];
    }
    return true;
  });
  if (!finite) return not_finite(x);
  auto size = values_->encode(scratch.values, next_stage_key(key), *scratch.values_state, out);
  PARLEY_CHECK(size.ok());
  return size;
}

base::Result<void> Randk::decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                     State& state, std::span<float> y) const {
  PARLEY_CHECK(y.size() <= kLimit, y.size());
  auto& scratch = own_state<RandkState>(state);
  const std::size_t k = kept_.of(y.size());
  scratch.values.assign(k, 0.0f);
  const auto decoded = values_->decode_add(payload, next_stage_key(key), 1.0f, *scratch.values_state, scratch.values);
  if (!decoded) return decoded;
  const auto indices = scratch.drawer.draw(y.size(), k, key, state);
  if (unbiased_ && k < y.size()) {
    constexpr float kLargest = std::numeric_limits<float>::max();
    const float factor = static_cast<float>(static_cast<double>(y.size()) / static_cast<double>(k));
    for (float& value : scratch.values) value = std::clamp(value * factor, -kLargest, kLargest);
  }
  Kept{indices, scratch.values}.add(scale, y, state);
  return {};
}

constexpr base::Parameter kParameters[] = {
    kKeptRatio,
    kKeptNumber,
    {.name = "scaling",
     .kind = base::ParameterKind::word,
     .fallback = "biased",
     .choices = "biased|unbiased",
     .help = "unbiased multiplies by d/k; CHOCO and error feedback need biased"},
};

}  // namespace

Row randk_row() {
  return {.name = "randk",
          .wire_id = 5,
          .summary = "coordinates at random, the same for sender and receiver",
          .source = "Wangni et al. 2018; Stich et al. 2018",
          .parameters = kParameters,
          .takes_values = true,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return std::make_unique<Randk>(KeptCount(blueprint.arguments),
                                           blueprint.arguments.is("scaling", "unbiased"), std::move(blueprint.values));
          }};
}

}  // namespace parley::compression
