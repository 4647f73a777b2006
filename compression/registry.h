// The table of compression operators. Adding one: its file, its row here, its tests.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/layout.h"
#include "base/spec.h"
#include "compression/compressor.h"

namespace parley::compression {

/// What an operator is built from. `values` is the rest of the pipeline, which codes what a sparsifier kept; it is null
/// for the last stage, and an operator that keeps nothing to code refuses to have one.
struct Blueprint {
  const base::Arguments& arguments;
  const base::ParameterLayout& layout;
  std::unique_ptr<Compressor> values;
  /// The operator whose payload a stage codes further; null but for those.
  std::unique_ptr<Compressor> before = nullptr;
};

/// One operator of the catalogue.
struct Row {
  std::string_view name;
  std::uint8_t wire_id;  ///< append only, never reused; 0 is no operator
  std::string_view summary;
  std::string_view source;  ///< where it was published
  std::span<const base::Parameter> parameters;
  bool takes_values;  ///< may be followed by "| operator", which codes the values it keeps
  std::unique_ptr<Compressor> (*make)(Blueprint blueprint);
  bool codes_payload = false;  ///< stands behind an operator, "operator | name", and codes its payload
};

/// All operators, in the order in which they are listed to people.
std::span<const Row> registry();

}  // namespace parley::compression
