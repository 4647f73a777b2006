// A docker-compose file for a swarm: one container a peer.
#pragma once

#include <string>

#include "daemon/config.h"

namespace parley::daemon {

/// A file that docker-compose 1.29 and Compose v2 both take. Every peer is a service of its own name, is reached at
/// tcp://NAME:7100 on a network that no other container is on, and has neither root, capabilities nor a writable file
/// system beside its results. The swarm file is mounted read-only; what the command line and the environment overrode
/// in `config` is passed on. `image` is a name of an image built from docker/Dockerfile.
std::string compose_file(const Config& config, const std::string& image);

}  // namespace parley::daemon
