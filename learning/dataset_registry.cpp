#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "learning/dataset.h"
#include "learning/datasets/rows.h"

namespace parley::learning {

std::span<const DatasetRow> dataset_registry() {
  static const std::array kRows = {kGlyphsRow, kMnistRow, kIdxRow, kLibsvmRow, kCsvRow, kNpyRow};
  return kRows;
}

std::unique_ptr<DataSource> open_dataset(std::string_view spec, const std::string& directory, std::uint64_t seed) {
  const base::Spec parsed = base::parse_spec(spec);
  const DatasetRow& row = base::find_row(dataset_registry(), "data set", parsed.name);
  return row.open(base::Arguments(parsed, row.parameters), directory, seed);
}

}  // namespace parley::learning
