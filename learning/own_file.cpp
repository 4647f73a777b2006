// The samples that a peer brings itself.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "learning/dataset.h"

namespace parley::learning {
namespace {

/// The row whose files have names that end like `name`, also if ".gz" or ".xz" follows.
const DatasetRow* row_for_file(std::string_view name) {
  for (std::string_view packed : {".gz", ".xz"}) {
    if (name.ends_with(packed)) name.remove_suffix(packed.size());
  }
  for (const DatasetRow& row : dataset_registry()) {
    if (row.own_file == nullptr) continue;
    for (std::string_view ending : row.own_file->endings) {
      if (name.ends_with(ending)) return &row;
    }
  }
  return nullptr;
}

/// How to read the plain file `name`: as the swarm's own data set is read, if that is of the same kind.
base::Spec spec_for_file(std::string_view name, const DatasetRow& row, const DataSource& reference) {
  base::Spec spec{std::string(row.name), {{std::string(row.parameters.front().name), std::string(name), true}}};
  const base::Spec swarm = base::parse_spec(reference.spec());
  if (swarm.name != spec.name) return spec;
  const auto inherited = row.own_file->inherited;
  for (const base::SpecArgument& argument : swarm.arguments) {
    if (std::find(inherited.begin(), inherited.end(), argument.name) != inherited.end())
      spec.arguments.push_back(argument);
  }
  return spec;
}

[[noreturn]] void refuse_kind(std::string_view data) {
  std::vector<std::string_view> endings, kinds;
  for (const DatasetRow& row : dataset_registry()) {
    if (row.own_file == nullptr) continue;
    endings.insert(endings.end(), row.own_file->endings.begin(), row.own_file->endings.end());
    kinds.push_back(row.name);
  }
  throw base::OperatorError(
      fmt::format("a peer's own data are \"{}\"; needed a file name that ends with {}, or a spec of {}", data,
                  fmt::join(endings, ", "), fmt::join(kinds, ", ")));
}

}  // namespace

Dataset load_own_file(std::string_view data, const std::string& directory, const DataSource& reference) {
  base::Spec spec;
  const DatasetRow* row = row_for_file(data);
  if (row != nullptr) {
    spec = spec_for_file(data, *row, reference);
  } else if (data.ends_with(')')) {
    spec = base::parse_spec(data);
    row = &base::find_row(dataset_registry(), "data set", spec.name);
  }
  if (row == nullptr || row->own_file == nullptr) refuse_kind(data);
  return row->own_file->load(base::Arguments(spec, row->parameters), directory, reference.schema());
}

}  // namespace parley::learning
