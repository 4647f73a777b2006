// Pictures of topologies, and the same for other programs: `parley topology draw`.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/topology_question.h"

namespace parley::daemon {

enum class PictureFormat : std::uint8_t { svg, dot, graphml };

/// By its name, else by the end of `file`, else SVG. Throws base::OperatorError for another name.
PictureFormat picture_format(const std::string& name, const std::string& file);

/// The graph with the weights of its edges, or the first `rounds` rounds of the schedule in small multiples. Throws
/// base::OperatorError for specs that are refused, too many peers for a picture, and rounds in a format that has none.
std::string topology_picture(const TopologyQuestion& question, PictureFormat format, std::size_t rounds);

inline constexpr std::size_t kMostRoundsDrawn = 64;

}  // namespace parley::daemon
