#include "learning/batch_reader.h"

#include <numeric>

#include "base/error.h"

namespace parley::learning {

BatchReader::BatchReader(std::size_t max_rows, std::size_t features)
    : features_(features), values_(max_rows * features), targets_(max_rows), range_(max_rows) {}

Batch BatchReader::read(const Dataset& data, std::span<const std::uint32_t> rows) {
  PARLEY_CHECK(rows.size() <= targets_.size(), rows.size(), targets_.size());
  const std::span<float> values = std::span(values_).first(rows.size() * features_);
  read_rows(data, rows, values);
  for (std::size_t i = 0; i < rows.size(); ++i) targets_[i] = data.targets[rows[i]];
  return {values, std::span(targets_).first(rows.size()), rows.size()};
}

Batch BatchReader::read(const Dataset& data, std::size_t first, std::size_t count) {
  PARLEY_CHECK(count <= range_.size(), count, range_.size());
  const std::span<std::uint32_t> rows = std::span(range_).first(count);
  std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(first));
  return read(data, rows);
}

}  // namespace parley::learning
