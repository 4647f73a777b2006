// Peers and their links as tables for a person.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "wire/control.h"

namespace parley::daemon {

/// What running peers do, a row each, and below it their links, a row each.
std::string status_text(std::span<const wire::PeerStatus> peers, std::size_t width);

/// What peers have achieved, a row each.
std::string result_text(std::span<const wire::PeerStatus> peers, std::size_t width);

}  // namespace parley::daemon
