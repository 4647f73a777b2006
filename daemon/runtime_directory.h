// Where the control sockets of the running peers are, and how a name on the command line finds one.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace parley::daemon {

/// The directory of the control sockets: $PARLEY_RUNTIME_DIR, else /run/parley if it is there and writable, else
/// $XDG_RUNTIME_DIR/parley, else /tmp/parley-<uid>. It need not exist.
std::filesystem::path runtime_directory(const std::map<std::string, std::string, std::less<>>& environment);

/// Makes the directory, of mode 0700, unless it is there. Throws base::OperatorError if it cannot, or if a directory in
/// a place where anyone may write (/tmp) belongs to another user or is open to others.
void make_runtime_directory(const std::filesystem::path& directory);

/// "ipc://DIRECTORY/SWARM.PEER.sock". Throws base::OperatorError if the path is longer than a socket's can be (107
/// bytes) or a name has a '/'.
std::string control_endpoint(const std::filesystem::path& directory, std::string_view swarm, std::string_view peer);

/// The file of an ipc endpoint; empty for other transports.
std::filesystem::path socket_path(std::string_view endpoint);

/// Tries to connect: no error if something listens there, else why not (connection_refused or no_such_file_or_directory
/// where nobody does, permission_denied where only others may ask). Throws base::OperatorError for what is not an
/// ipc://PATH or tcp://HOST:PORT endpoint.
std::error_code probe_endpoint(const std::string& endpoint, std::chrono::milliseconds timeout);

/// Endpoints of the sockets in the directory behind which a daemon listens, in the order of swarm and peer, numbers by
/// value (peer-2 before peer-10). Empty if the directory is not there.
std::vector<std::string> live_endpoints(const std::filesystem::path& directory);

/// Nobody of that name is running: not a mistake of the operator's, who may have been right a moment ago.
class NotRunning : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What an operator may write for one or more peers: an endpoint (anything with "://"), the path of a socket (with a
/// '/'), SWARM.PEER, the name of a peer, or of a swarm for all its peers. Names are looked up among live_endpoints().
/// Throws NotRunning if nothing fits, saying what is running; base::OperatorError if several swarms have a peer of that
/// name.
std::vector<std::string> resolve_endpoints(std::string_view text, const std::filesystem::path& directory);

}  // namespace parley::daemon
