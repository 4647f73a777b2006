#include "learning/batch_reader.h"

#include <algorithm>

#include "base/error.h"

namespace parley::learning {
namespace {

void read_row(const DenseBytes& stored, std::size_t row, std::span<float> out) {
  const std::uint8_t* in = stored.values.data() + row * out.size();
  float* const to = out.data();
  const float scale = stored.scale;
  for (std::size_t j = 0; j < out.size(); ++j) to[j] = static_cast<float>(in[j]) * scale;
}

void read_row(const DenseFloats& stored, std::size_t row, std::span<float> out) {
  std::copy_n(stored.values.data() + row * out.size(), out.size(), out.data());
}

void read_row(const SparseRows& stored, std::size_t row, std::span<float> out) {
  std::ranges::fill(out, 0.0f);
  for (std::uint64_t k = stored.row_start[row]; k < stored.row_start[row + 1]; ++k)
    out[stored.column[k]] = stored.value[k];
}

}  // namespace

BatchReader::BatchReader(std::size_t max_rows, std::size_t features)
    : features_(features), values_(max_rows * features), targets_(max_rows) {}

template <class RowAt>
Batch BatchReader::gather(const Dataset& data, std::size_t count, RowAt row_at) {
  PARLEY_CHECK(count <= targets_.size() && data.feature_count == features_, count, targets_.size(), data.feature_count);
  std::visit(
      [&](const auto& stored) {
        for (std::size_t i = 0; i < count; ++i) {
          const std::size_t row = row_at(i);
          PARLEY_CHECK(row < data.size(), row, data.size());
          read_row(stored, row, std::span(values_).subspan(i * features_, features_));
          targets_[i] = data.targets[row];
        }
      },
      data.features);
  return {std::span(values_).first(count * features_), std::span(targets_).first(count), count};
}

Batch BatchReader::read(const Dataset& data, std::span<const std::uint32_t> rows) {
  return gather(data, rows.size(), [&](std::size_t i) { return std::size_t{rows[i]}; });
}

Batch BatchReader::read(const Dataset& data, std::size_t first, std::size_t count) {
  return gather(data, count, [&](std::size_t i) { return first + i; });
}

}  // namespace parley::learning
