#include "daemon/run_directory.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <ctime>

#include "daemon/peer_directory.h"

namespace parley::daemon {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot_make(const fs::path& path, const std::error_code& error) {
  throw DirectoryUnusable(fmt::format("{}: the run directory cannot be used: {}; choose another with --run-dir",
                                      path.string(), error.message()));
}

/// Points PARENT/latest at the run. A convenience: that it cannot be made is no reason not to run.
void link_latest(const fs::path& parent, const fs::path& run) {
  const fs::path temporary = parent / fmt::format(".latest.{}", ::getpid());
  std::error_code error;
  fs::create_symlink(run.filename(), temporary, error);
  if (!error) fs::rename(temporary, parent / "latest", error);
  if (error) fs::remove(temporary, error);
}

}  // namespace

fs::path make_dated_run_directory(const fs::path& parent, std::string_view swarm) {
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) cannot_make(parent, error);
  const std::string name = fmt::format("{}-{:%Y%m%d-%H%M%S}", swarm, fmt::localtime(std::time(nullptr)));
  fs::path run = parent / name;
  for (int again = 2; !fs::create_directory(run, error); ++again) {
    if (error) cannot_make(run, error);
    run = parent / fmt::format("{}-{}", name, again);
  }
  link_latest(parent, run);
  return fs::absolute(run);
}

void prepare_run_directory(const fs::path& run, std::span<const std::string> peers) {
  std::error_code error;
  for (const std::string& peer : peers) {
    fs::create_directories(run / peer, error);
    if (error) cannot_make(run / peer, error);
    fs::remove(run / peer / "result.json", error);
    if (error) cannot_make(run / peer / "result.json", error);
  }
}

}  // namespace parley::daemon
