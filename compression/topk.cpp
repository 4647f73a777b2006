// topk: the k coordinates of largest magnitude; of equal ones, those of smaller index.
//
//   payload := indices values      nothing for d = 0
//   indices                        see coding/index_code.h
//   values                         the kept values in the order of their indices, coded by the next stage of the
//   pipeline
//                                  (f32 if there is none)
//
// Zeros are not sent, so there may be fewer than k. delta = k/d, times the delta of the values' operator: what top-k
// drops and what the values lose are orthogonal.
#include <algorithm>
#include <vector>

#include "compression/coding/index_code.h"
#include "compression/coding/kept_count.h"
#include "compression/coding/largest.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::size_t kLimit = 0xFFFFFFFF;  // indices are 32 bits

struct TopkState final : State {
  explicit TopkState(std::unique_ptr<State> of_values) : values_state(std::move(of_values)) {}

  std::unique_ptr<State> values_state;
  std::vector<std::uint32_t> indices;  // of decode_add, as are the values
  std::vector<float> values;
  LargestFinder finder;
};

class Topk final : public Compressor {
 public:
  Topk(const KeptCount& kept, std::unique_ptr<Compressor> values)
      : spec_(joined_spec(fmt::format("topk({})", kept.text()), values.get())),
        kept_(kept),
        values_(values_or_identity(std::move(values))) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return topk_row().wire_id; }
  Properties properties(std::size_t d) const override;

  std::size_t max_payload_size(std::size_t d) const override {
    return max_indices_size(d, kept_.of(d)) + values_->max_payload_size(kept_.of(d));
  }

  std::unique_ptr<State> make_state() const override { return std::make_unique<TopkState>(values_->make_state()); }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  std::string spec_;
  KeptCount kept_;
  std::unique_ptr<Compressor> values_;
};

Properties Topk::properties(std::size_t d) const {
  const std::size_t k = kept_.of(d);
  const Properties of_values = values_->properties(k);
  const double share = d == 0 ? 1 : static_cast<double>(k) / static_cast<double>(d);
  Properties properties;
  properties.unbiased = k == d && of_values.unbiased;
  properties.omega = properties.unbiased ? of_values.omega : 0;
  properties.delta = share * of_values.delta;
  properties.bits_per_coordinate = share * of_values.bits_per_coordinate;
  if (d > 0) properties.bits_per_coordinate += (8 + expected_index_bits(d, k)) / static_cast<double>(d);
  properties.suggested_gamma = std::min(1.0, 2 * share) * of_values.suggested_gamma;
  return properties;
}

base::Result<std::size_t> Topk::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                       std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()) && x.size() <= kLimit, out.size(), x.size());
  auto& scratch = own_state<TopkState>(state);
  if (x.empty()) return std::size_t{0};
  const std::size_t k = kept_.of(x.size());
  const auto count = scratch.finder.find(x, k);
  if (!count) return not_finite(x);
  const std::size_t size = encode_indices(scratch.finder.indices(*count), x.size(), k, out.data());
  const auto values =
      values_->encode(scratch.finder.values(*count), next_stage_key(key), *scratch.values_state, out.subspan(size));
  PARLEY_CHECK(values.ok());
  return size + *values;
}

base::Result<void> Topk::decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                    State& state, std::span<float> y) const {
  PARLEY_CHECK(y.size() <= kLimit, y.size());
  auto& scratch = own_state<TopkState>(state);
  if (y.empty()) return payload.empty() ? base::Result<void>() : wrong_size(payload.size(), 0);
  const std::size_t k = kept_.of(y.size());
  scratch.indices.resize(std::max(scratch.indices.size(), k));
  const auto indices = decode_indices(payload, y.size(), k, scratch.indices);
  if (!indices) return indices.refusal();
  scratch.values.resize(std::max(scratch.values.size(), k));
  const std::span<float> values(scratch.values.data(), indices->count);
  std::fill(values.begin(), values.end(), 0.0f);
  const auto decoded =
      values_->decode_add(payload.subspan(indices->bytes), next_stage_key(key), 1.0f, *scratch.values_state, values);
  if (!decoded) return decoded;
  for (std::size_t j = 0; j < values.size(); ++j) y[scratch.indices[j]] += scale * values[j];
  return {};
}

constexpr base::Parameter kParameters[] = {kKeptRatio, kKeptNumber};

}  // namespace

Row topk_row() {
  return {.name = "topk",
          .wire_id = 4,
          .summary = "the coordinates of largest magnitude",
          .source = "Stich et al. 2018; Alistarh et al. 2018",
          .parameters = kParameters,
          .takes_values = true,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return std::make_unique<Topk>(KeptCount(blueprint.arguments), std::move(blueprint.values));
          }};
}

}  // namespace parley::compression
