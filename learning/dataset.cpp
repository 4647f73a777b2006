#include "learning/dataset.h"

#include <algorithm>

#include "base/error.h"

namespace parley::learning {
namespace {

void read_one(const DenseBytes& bytes, std::size_t row, std::span<float> out) {
  const std::uint8_t* from = bytes.values.data() + row * out.size();
  float* to = out.data();
  const std::size_t count = out.size();
  const float scale = bytes.scale;
  // A plain loop over restrict-free locals: compilers widen and convert 16 bytes at a time.
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]) * scale;
}

void read_one(const DenseFloats& floats, std::size_t row, std::span<float> out) {
  std::copy_n(floats.values.data() + row * out.size(), out.size(), out.data());
}

void read_one(const SparseRows& sparse, std::size_t row, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0f);
  for (std::uint64_t k = sparse.row_start[row]; k < sparse.row_start[row + 1]; ++k)
    out[sparse.column[k]] = sparse.value[k];
}

}  // namespace

void Dataset::read(std::size_t row, std::span<float> out) const {
  PARLEY_CHECK(row < size() && out.size() == feature_count, row, size(), out.size(), feature_count);
  std::visit([&](const auto& stored) { read_one(stored, row, out); }, features);
}

void read_rows(const Dataset& dataset, std::span<const std::uint32_t> rows, std::span<float> out) {
  const std::size_t f = dataset.feature_count;
  PARLEY_CHECK(out.size() == rows.size() * f, out.size(), rows.size(), f);
  const auto gather = [&](const auto& stored) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      PARLEY_CHECK(rows[i] < dataset.size(), rows[i], dataset.size());
      read_one(stored, rows[i], out.subspan(i * f, f));
    }
  };
  std::visit(gather, dataset.features);
}

}  // namespace parley::learning
