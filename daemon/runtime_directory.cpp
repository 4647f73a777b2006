#include "daemon/runtime_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "daemon/descriptor.h"

namespace parley::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".sock";
constexpr std::chrono::milliseconds kProbeTimeout{500};

std::error_code errno_code(int error) {
  return {error, std::generic_category()};
}

/// Connects without blocking and waits for the outcome. 0 or an errno.
int try_connect(int family, const sockaddr* address, socklen_t size, std::chrono::milliseconds timeout) {
  const Descriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return errno;
  if (::connect(socket.get(), address, size) == 0) return 0;
  if (errno == EAGAIN) return 0;  // a unix socket whose queue of connections is full: someone listens
  if (errno != EINPROGRESS) return errno;
  pollfd wait{socket.get(), POLLOUT, 0};
  if (::poll(&wait, 1, static_cast<int>(timeout.count())) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

int probe_ipc(const std::string& path, std::chrono::milliseconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  std::memcpy(address.sun_path, path.data(), path.size());
  return try_connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, timeout);
}

int probe_tcp(const std::string& endpoint, std::chrono::milliseconds timeout) {
  std::string host = endpoint.substr(6);
  const std::size_t colon = host.rfind(':');
  if (colon == std::string::npos) throw base::OperatorError(endpoint + ": a port is missing: tcp://HOST:PORT");
  const std::string port = host.substr(colon + 1);
  host.resize(colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0)
    throw base::OperatorError(fmt::format("{}: {}", endpoint, ::gai_strerror(error)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  int error = ECONNREFUSED;
  for (const addrinfo* a = found; a != nullptr && error != 0; a = a->ai_next)
    error = try_connect(a->ai_family, a->ai_addr, a->ai_addrlen, timeout);
  return error;
}

/// Compares with runs of digits by their value.
bool natural_less(std::string_view a, std::string_view b) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto take_number = [&](std::string_view& text) {
    std::size_t zeros = 0;
    while (zeros < text.size() && text[zeros] == '0') ++zeros;
    text.remove_prefix(zeros);
    std::size_t length = 0;
    while (length < text.size() && digit(text[length])) ++length;
    const std::string_view number = text.substr(0, length);
    text.remove_prefix(length);
    return number;
  };
  while (!a.empty() && !b.empty()) {
    if (digit(a.front()) && digit(b.front())) {
      const auto x = take_number(a), y = take_number(b);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
      continue;
    }
    if (a.front() != b.front()) return a.front() < b.front();
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return a.size() < b.size();
}

/// "SWARM.PEER" of an endpoint in the runtime directory.
std::string full_name(const std::string& endpoint) {
  std::string name = socket_path(endpoint).filename().string();
  if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
  return name;
}

}  // namespace

fs::path runtime_directory(const std::map<std::string, std::string, std::less<>>& environment) {
  const auto given = [&](std::string_view name) -> std::string {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  if (const std::string directory = given("PARLEY_RUNTIME_DIR"); !directory.empty()) return fs::absolute(directory);
  if (::access("/run/parley", W_OK | X_OK) == 0) return "/run/parley";
  if (const std::string directory = given("XDG_RUNTIME_DIR"); !directory.empty()) return fs::path(directory) / "parley";
  return fmt::format("/tmp/parley-{}", ::getuid());
}

void make_runtime_directory(const fs::path& directory) {
  const auto fail = [&](const std::string& why) {
    throw base::OperatorError(fmt::format(
        "{}: {}; set PARLEY_RUNTIME_DIR to a directory of your own for the control sockets", directory.string(), why));
  };
  std::error_code error;
  fs::create_directories(directory.parent_path(), error);
  if (::mkdir(directory.c_str(), 0700) == 0) return;
  if (errno != EEXIST) fail(fmt::format("cannot be made: {}", std::strerror(errno)));
  struct stat info{};
  if (::lstat(directory.c_str(), &info) != 0) fail(std::strerror(errno));
  const bool link = S_ISLNK(info.st_mode);
  struct stat parent{};
  const bool open_place = ::stat(directory.parent_path().c_str(), &parent) == 0 && (parent.st_mode & S_IWOTH) != 0;
  if (open_place) {
    // Anyone could have put it there before us, to read or replace our sockets.
    if (link || !S_ISDIR(info.st_mode)) fail("is not a directory");
    if (info.st_uid != ::getuid()) fail(fmt::format("belongs to user {}, not to {}", info.st_uid, ::getuid()));
    if ((info.st_mode & 0077) != 0) fail(fmt::format("has mode {:04o}, it must be 0700", info.st_mode & 07777));
  }
  if (::access(directory.c_str(), W_OK | X_OK) != 0) fail(fmt::format("is not writable: {}", std::strerror(errno)));
}

std::string control_endpoint(const fs::path& directory, std::string_view swarm, std::string_view peer) {
  for (const std::string_view name : {swarm, peer})
    if (name.empty() || name.find('/') != std::string_view::npos)
      throw base::OperatorError(fmt::format("\"{}\" cannot name a control socket: a name has no '/'", name));
  const std::string path = (directory / fmt::format("{}.{}{}", swarm, peer, kSuffix)).string();
  constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > kLongest)
    throw base::OperatorError(fmt::format(
        "{}: the path of a control socket has {} bytes, at most {} are possible; shorten the names of swarm "
        "and peer, or set PARLEY_RUNTIME_DIR to a shorter directory",
        path, path.size(), kLongest));
  return "ipc://" + path;
}

fs::path socket_path(std::string_view endpoint) {
  constexpr std::string_view kScheme = "ipc://";
  return endpoint.starts_with(kScheme) ? fs::path(endpoint.substr(kScheme.size())) : fs::path();
}

std::error_code probe_endpoint(const std::string& endpoint, std::chrono::milliseconds timeout) {
  if (const fs::path path = socket_path(endpoint); !path.empty()) return errno_code(probe_ipc(path.string(), timeout));
  if (endpoint.starts_with("tcp://")) return errno_code(probe_tcp(endpoint, timeout));
  throw base::OperatorError(
      fmt::format("\"{}\" is not the endpoint of a control socket: ipc://PATH or tcp://HOST:PORT", endpoint));
}

std::vector<std::string> live_endpoints(const fs::path& directory) {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    std::error_code no_status;
    if (at->path().extension() != kSuffix || !at->is_socket(no_status)) continue;
    const std::string endpoint = "ipc://" + at->path().string();
    if (!probe_endpoint(endpoint, kProbeTimeout)) found.push_back(endpoint);
  }
  std::sort(found.begin(), found.end(), natural_less);
  return found;
}

std::vector<std::string> resolve_endpoints(std::string_view text, const fs::path& directory) {
  if (text.find("://") != std::string_view::npos) return {std::string(text)};
  if (text.find('/') != std::string_view::npos) return {"ipc://" + fs::absolute(text).string()};
  const std::vector<std::string> live = live_endpoints(directory);
  std::vector<std::string> exact, peers, swarm, names;
  for (const std::string& endpoint : live) {
    const std::string name = full_name(endpoint);
    names.push_back(name);
    if (name == text) exact.push_back(endpoint);
    if (name.ends_with(fmt::format(".{}", text))) peers.push_back(endpoint);
    if (name.starts_with(fmt::format("{}.", text))) swarm.push_back(endpoint);
  }
  if (!exact.empty()) return exact;
  if (peers.size() == 1) return peers;
  if (peers.size() > 1)
    throw base::OperatorError(
        fmt::format("several swarms have a peer \"{}\"; write SWARM.PEER, one of {}", text, fmt::join(names, ", ")));
  if (!swarm.empty()) return swarm;
  throw NotRunning(
      fmt::format("no peer or swarm \"{}\" is running here; {} ({})", text,
                  names.empty() ? std::string("nothing is") : fmt::format("running: {}", fmt::join(names, ", ")),
                  directory.string()));
}

}  // namespace parley::daemon
