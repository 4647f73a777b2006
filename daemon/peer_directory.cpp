#include "daemon/peer_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace parley::daemon {

PeerDirectory::PeerDirectory(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) {
    throw DirectoryUnusable(
        fmt::format("{}: cannot be made: {}; choose another metrics.run_dir", path_.string(), error.message()));
  }
  const std::filesystem::path file = path_ / "lock";
  lock_ = open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (lock_ < 0) {
    throw DirectoryUnusable(
        fmt::format("{}: cannot be written: {}; choose another metrics.run_dir", file.string(), std::strerror(errno)));
  }
  if (flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  close(lock_);
  throw DirectoryUnusable(
      fmt::format("{}: another daemon is using it; stop that one, or choose another metrics.run_dir", path_.string()));
}

void PeerDirectory::set_aside() const {
  for (const std::filesystem::path& file : {metrics(), result(), model()}) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) continue;
    std::filesystem::rename(file, file.string() + ".previous", error);
    if (error) throw DirectoryUnusable(fmt::format("{}: cannot be renamed: {}", file.string(), error.message()));
  }
}

PeerDirectory::~PeerDirectory() {
  close(lock_);
}

}  // namespace parley::daemon
