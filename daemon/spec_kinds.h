// Which registry a spec string of the configuration is looked up in.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/spec.h"

namespace parley::daemon {

enum class SpecKind : std::uint8_t {
  graph,
  schedule,
  weights,
  model,
  dataset,
  partition,
  optimizer,
  decay,
  init,
  algorithm,
  compressor,  ///< the only kind that may be a pipeline
};

/// What a spec of the kind may be called, with what parameters.
struct SpecName {
  std::string_view name;
  std::string_view summary;
  std::span<const base::Parameter> parameters;
};
std::vector<SpecName> spec_names(SpecKind kind);

/// "graph", "compression operator", ...: what a person calls it.
std::string_view name_of(SpecKind kind);

/// The spec with every parameter that has a value spelled out; equal for specs that mean the same. Throws
/// base::OperatorError for a text that is no spec, an unknown name (with the nearest known one) and arguments out of
/// bounds.
std::string canonical_spec(SpecKind kind, std::string_view text);

}  // namespace parley::daemon
