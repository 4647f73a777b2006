#include "samples.h"

#include <span>
#include <utility>
#include <vector>

#include "base/random.h"

namespace parley::learning::testing {

Dataset byte_samples(std::size_t m, std::uint64_t seed) {
  base::Random random({.seed = seed, .peer = {}, .round = {}, .stream = base::Stream::test});
  DenseBytes bytes;
  Dataset data{.features = {}, .targets = {}, .feature_count = 6, .classes = 3, .sample_shape = {6}};
  for (std::size_t i = 0; i < m; ++i) {
    const std::uint32_t label = random.below(3);
    for (std::uint32_t j = 0; j < 6; ++j)
      bytes.values.push_back(static_cast<std::uint8_t>(random.below(j % 3 == label ? 256 : 128)));
    data.targets.push_back(static_cast<float>(label));
  }
  data.features = std::move(bytes);
  return data;
}

Dataset as_floats(const Dataset& data) {
  DenseFloats floats{std::vector<float>(data.size() * data.feature_count)};
  for (std::size_t i = 0; i < data.size(); ++i)
    data.read(i, std::span(floats.values).subspan(i * data.feature_count, data.feature_count));
  Dataset copy = data;
  copy.features = std::move(floats);
  return copy;
}

Dataset as_sparse(const Dataset& data) {
  SparseRows sparse;
  std::vector<float> row(data.feature_count);
  sparse.row_start.push_back(0);
  for (std::size_t i = 0; i < data.size(); ++i) {
    data.read(i, row);
    for (std::uint32_t j = 0; j < row.size(); ++j) {
      if (row[j] == 0) continue;
      sparse.column.push_back(j);
      sparse.value.push_back(row[j]);
    }
    sparse.row_start.push_back(sparse.column.size());
  }
  Dataset copy = data;
  copy.features = std::move(sparse);
  return copy;
}

}  // namespace parley::learning::testing
