#include "daemon/spec_kinds.h"

#include <fmt/format.h>

#include "base/error.h"

namespace parley::daemon {
namespace {

constexpr base::Parameter kFileParameters[] = {
    {.name = "path", .kind = base::ParameterKind::word, .help = "a safetensors file", .required = true}};

constexpr SpecName kInits[] = {
    {"common", "random, the same on every peer", {}},
    {"independent", "random, of the peer's own", {}},
    {"zeros", "all zeros", {}},
    {"file", "from a safetensors file", kFileParameters},
};

constexpr SpecName kFeedbacks[] = {
    {"none", "the algorithm keeps account of what was dropped, or nobody does", {}},
};

template <class Row>
std::vector<SpecName> names_of(std::span<const Row> rows) {
  std::vector<SpecName> names;
  for (const Row& row : rows) names.push_back({row.name, row.summary, row.parameters});
  return names;
}

std::string canonical(SpecKind kind, const base::Spec& spec) {
  const std::vector<SpecName> names = spec_names(kind);
  if (names.empty()) return spec.text();
  const SpecName& row = base::find_row(std::span<const SpecName>(names), name_of(kind), spec.name);
  return base::Arguments(spec, row.parameters).canonical();
}

}  // namespace

std::vector<SpecName> spec_names(SpecKind kind) {
  switch (kind) {
    case SpecKind::init:
      return names_of(std::span<const SpecName>(kInits));
    case SpecKind::feedback:
      return names_of(std::span<const SpecName>(kFeedbacks));
    default:
      return {};
  }
}

std::string_view name_of(SpecKind kind) {
  switch (kind) {
    case SpecKind::graph:
      return "graph";
    case SpecKind::weights:
      return "weight rule";
    case SpecKind::model:
      return "model";
    case SpecKind::dataset:
      return "data set";
    case SpecKind::partition:
      return "partition";
    case SpecKind::optimizer:
      return "optimizer";
    case SpecKind::decay:
      return "decay";
    case SpecKind::init:
      return "initial model";
    case SpecKind::algorithm:
      return "algorithm";
    case SpecKind::compressor:
      return "compression operator";
    case SpecKind::feedback:
      return "feedback";
  }
  return "spec";
}

std::string canonical_spec(SpecKind kind, std::string_view text) {
  if (kind != SpecKind::compressor) return canonical(kind, base::parse_spec(text));
  std::vector<std::string> stages;
  for (const base::Spec& stage : base::parse_pipeline(text)) stages.push_back(canonical(kind, stage));
  return fmt::format("{}", fmt::join(stages, " | "));
}

}  // namespace parley::daemon
