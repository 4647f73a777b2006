// What `parley topology show` says of a graph.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "daemon/topology_question.h"

namespace parley::daemon {

/// Degrees, diameter, spectra, what it costs, and each peer's neighbours. `model_size`: parameters of the model that
/// the costs are for; nothing: those of the swarm file, if it is one. Throws base::OperatorError for specs that are
/// refused or do not fit; a disconnected graph is described, not refused.
std::string topology_text(const TopologyQuestion& question, std::optional<std::size_t> model_size);
std::string topology_json(const TopologyQuestion& question, std::optional<std::size_t> model_size);

/// "5", "2 to 7".
std::string degree_text(const topology::Shape& shape);
/// "4", "at least 4", "infinite".
std::string diameter_text(const topology::Shape& shape);
/// Rounds for people: "17", "5.18e+09".
std::string rounds_text(double rounds);

}  // namespace parley::daemon
