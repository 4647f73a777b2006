// topk: the k coordinates of largest magnitude; of equal ones, those of smaller index.
//
//   payload := kept      at most k of d coordinates, see coding/kept_code.h
//
// Zeros are not sent, so there may be fewer than k. delta = k/d, times the delta of the values' operator: what top-k
// drops and what the values lose are orthogonal.
#include <algorithm>

#include "compression/coding/kept_code.h"
#include "compression/coding/kept_count.h"
#include "compression/coding/largest.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

struct TopkState final : State {
  explicit TopkState(KeptCode::Scratch made) : scratch(std::move(made)) {}

  void share_with(base::Executor& executor) override {
    State::share_with(executor);
    scratch.values_state->share_with(executor);
  }

  KeptCode::Scratch scratch;
  LargestFinder finder;
};

class Topk final : public Compressor {
 public:
  Topk(const KeptCount& kept, std::unique_ptr<Compressor> values)
      : spec_(joined_spec(fmt::format("topk({})", kept.text()), values.get())), kept_(kept), code_(std::move(values)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return topk_row().wire_id; }
  Properties properties(std::size_t d) const override;
  std::size_t max_payload_size(std::size_t d) const override { return code_.max_size(d, kept_.of(d)); }
  std::unique_ptr<State> make_state() const override { return std::make_unique<TopkState>(code_.make_scratch()); }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override {
    PARLEY_CHECK(out.size() >= max_payload_size(x.size()) && x.size() <= kMostCoordinates, out.size(), x.size());
    if (x.empty()) return std::size_t{0};
    auto& own = own_state<TopkState>(state);
    const std::size_t k = kept_.of(x.size());
    const auto count = own.finder.find(x, k, state);
    if (!count) return not_finite(x);
    return code_.encode({own.finder.indices(*count), own.finder.values(*count)}, x.size(), k, key, own.scratch, out);
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override {
    PARLEY_CHECK(y.size() <= kMostCoordinates, y.size());
    const auto kept = code_.decode(payload, y.size(), kept_.of(y.size()), key, own_state<TopkState>(state).scratch);
    if (!kept) return kept.refusal();
    kept->add(scale, y, state);
    return {};
  }

 private:
  std::string spec_;
  KeptCount kept_;
  KeptCode code_;
};

Properties Topk::properties(std::size_t d) const {
  const std::size_t k = kept_.of(d);
  const Properties of_values = code_.values().properties(k);
  const double share = d == 0 ? 1 : static_cast<double>(k) / static_cast<double>(d);
  Properties properties;
  properties.unbiased = k == d && of_values.unbiased;
  properties.omega = properties.unbiased ? of_values.omega : 0;
  properties.delta = share * of_values.delta;
  if (d > 0) properties.bits_per_coordinate = code_.expected_bits(d, k) / static_cast<double>(d);
  properties.suggested_gamma = std::min(1.0, 2 * share) * of_values.suggested_gamma;
  return properties;
}

constexpr base::Parameter kParameters[] = {kKeptRatio, kKeptNumber};

}  // namespace

Row topk_row() {
  return {.name = "topk",
          .wire_id = 48,
          .summary = "the coordinates of largest magnitude",
          .source = "Stich et al. 2018; Alistarh et al. 2018",
          .parameters = kParameters,
          .takes_values = true,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return std::make_unique<Topk>(KeptCount(blueprint.arguments), std::move(blueprint.values));
          }};
}

}  // namespace parley::compression
