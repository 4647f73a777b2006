#include "compression/coding/kept_code.h"

#include <algorithm>

#include "compression/coding/index_code.h"
#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"

namespace parley::compression {

void Kept::add(float scale, std::span<float> y, const State& state) const {
  constexpr std::size_t kAtOnce = 8192;
  for_each_task(state, y.size(), (values.size() + kAtOnce - 1) / kAtOnce, [&](std::size_t task, std::size_t) {
    const std::size_t end = std::min((task + 1) * kAtOnce, values.size());
    for (std::size_t j = task * kAtOnce; j < end; ++j) y[indices[j]] += scale * values[j];
  });
}

KeptCode::KeptCode(std::unique_ptr<Compressor> values) : values_(values_or_identity(std::move(values))) {}

std::size_t KeptCode::max_size(std::size_t d, std::size_t k) const {
  return max_indices_size(d, k) + values_->max_payload_size(k);
}

double KeptCode::expected_bits(std::size_t d, std::size_t count) const {
  if (d == 0) return 0;
  return 8 + expected_index_bits(d, count) +
         static_cast<double>(count) * values_->properties(count).bits_per_coordinate;
}

std::size_t KeptCode::encode(const Kept& kept, std::size_t d, std::size_t k, const base::RandomKey& key,
                             Scratch& scratch, std::span<std::byte> out) const {
  if (d == 0) return 0;
  const std::size_t size = encode_indices(kept.indices, d, k, out.data());
  const auto values = values_->encode(kept.values, next_stage_key(key), *scratch.values_state, out.subspan(size));
  PARLEY_CHECK(values.ok());
  return size + *values;
}

base::Result<Kept> KeptCode::decode(std::span<const std::byte> payload, std::size_t d, std::size_t k,
                                    const base::RandomKey& key, Scratch& scratch) const {
  if (d == 0) {
    if (!payload.empty()) return wrong_size(payload.size(), 0);
    return Kept{};
  }
  scratch.indices.resize(std::max(scratch.indices.size(), k));
  const auto indices = decode_indices(payload, d, k, scratch.indices);
  if (!indices) return indices.refusal();
  scratch.values.resize(std::max(scratch.values.size(), k));
  const std::span<float> values(scratch.values.data(), indices->count);
  std::fill(values.begin(), values.end(), 0.0f);
  const auto decoded =
      values_->decode_add(payload.subspan(indices->bytes), next_stage_key(key), 1.0f, *scratch.values_state, values);
  if (!decoded) return decoded.refusal();
  return Kept{{scratch.indices.data(), indices->count}, values};
}

}  // namespace parley::compression
