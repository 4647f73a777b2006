// The peers of a swarm: names and addresses, from [[peer]] tables or counted on loopback.
#pragma once

#include <span>

#include "daemon/config.h"
#include "daemon/toml_source.h"

namespace parley::daemon {

/// A daemon that is started by itself counts ports from here if swarm.base_port is 0.
inline constexpr std::uint16_t kDefaultBasePort = 7100;

/// Fills config.roster and config.swarm.peers from the options and the [[peer]] tables. Throws base::OperatorError for
/// names or addresses that are malformed, missing or given twice, and for a peer that would listen beyond this machine
/// while security.insecure is false.
void build_roster(Config& config, std::span<const FoundPeer> peers);

/// Letters, digits, "_", "." and "-", not starting with one of the last two; at most 64.
bool is_plain_name(std::string_view name);

}  // namespace parley::daemon
