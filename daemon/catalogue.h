// What there is to choose from, for people and for programs: the tables behind `parley compressors`,
// `parley algorithms` and `parley topology list`.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/spec.h"

namespace parley::daemon {

/// "qsgd(bits=4, bucket=512)": a name with its parameters, their defaults, and "..." for those that must be given.
std::string signature(std::string_view name, std::span<const base::Parameter> parameters);

/// The compression operators and what they guarantee on d floats with the default arguments.
std::string compressors_text(std::size_t d);
std::string compressors_json(std::size_t d);

/// The decentralised algorithms.
std::string algorithms_text();
std::string algorithms_json();

/// Graphs, schedules and weight rules.
std::string topologies_text();
std::string topologies_json();

}  // namespace parley::daemon
