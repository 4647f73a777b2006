#include "daemon/spec_kinds.h"

#include <fmt/format.h>

#include "base/error.h"
#include "compression/compressor.h"
#include "compression/registry.h"
#include "gossip/algorithm.h"
#include "learning/dataset.h"
#include "learning/model.h"
#include "learning/optimizer.h"
#include "topology/mixing_matrix.h"
#include "topology/schedule.h"

namespace parley::daemon {
namespace {

constexpr base::Parameter kFileParameters[] = {
    {.name = "path", .kind = base::ParameterKind::word, .help = "a safetensors file", .required = true}};

// Initial models have no registry: learning/initial_model.h knows these four.
constexpr SpecName kInits[] = {
    {"common", "random, the same on every peer", {}},
    {"independent", "random, of the peer's own", {}},
    {"zeros", "all zeros", {}},
    {"file", "from a safetensors file", kFileParameters},
};

template <class Row>
std::vector<SpecName> names_of(std::span<const Row> rows) {
  std::vector<SpecName> names;
  for (const Row& row : rows) names.push_back({row.name, row.summary, row.parameters});
  return names;
}

std::string canonical(SpecKind kind, const base::Spec& spec) {
  const std::vector<SpecName> names = spec_names(kind);
  const SpecName& row = base::find_row(std::span<const SpecName>(names), name_of(kind), spec.name);
  return base::Arguments(spec, row.parameters).canonical();
}

}  // namespace

std::vector<SpecName> spec_names(SpecKind kind) {
  switch (kind) {
    case SpecKind::graph:
      return names_of(topology::graph_registry());
    case SpecKind::schedule:
      return names_of(topology::schedule_registry());
    case SpecKind::weights:
      return names_of(topology::weight_registry());
    case SpecKind::model:
      return names_of(learning::model_registry());
    case SpecKind::dataset:
      return names_of(learning::dataset_registry());
    case SpecKind::partition:
      return names_of(learning::partition_registry());
    case SpecKind::optimizer:
      return names_of(learning::optimizer_registry());
    case SpecKind::decay:
      return names_of(learning::decay_registry());
    case SpecKind::init:
      return names_of(std::span<const SpecName>(kInits));
    case SpecKind::algorithm:
      return names_of(gossip::registry());
    case SpecKind::compressor:
      return names_of(compression::registry());
  }
  return {};
}

std::string_view name_of(SpecKind kind) {
  switch (kind) {
    case SpecKind::graph:
      return "graph";
    case SpecKind::schedule:
      return "schedule";
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
  }
  return "spec";
}

std::string canonical_spec(SpecKind kind, std::string_view text) {
  if (kind != SpecKind::compressor) return canonical(kind, base::parse_spec(text));
  // Operators know best which of their arguments say the same, as bits and levels may.
  return compression::make_compressor(text, base::ParameterLayout())->spec();
}

}  // namespace parley::daemon
