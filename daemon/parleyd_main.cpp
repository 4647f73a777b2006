// parleyd: one peer of a swarm, in the foreground.

#include <fmt/format.h>
#include <malloc.h>

#include <csignal>
#include <cstdio>

#include "daemon/command_line.h"
#include "daemon/log.h"
#include "daemon/parleyd_options.h"
#include "daemon/peer_daemon.h"
#include "daemon/runtime_directory.h"
#include "daemon/signals.h"

namespace {

using namespace parley;

std::string control_endpoint_of(const daemon::Config& config, const std::string& peer,
                                const daemon::Environment& environment) {
  if (config.control.endpoint == "none") return {};
  if (config.control.endpoint != "auto") return config.control.endpoint;
  const std::filesystem::path directory = daemon::runtime_directory(environment);
  daemon::make_runtime_directory(directory);
  return daemon::control_endpoint(directory, config.swarm.name, peer);
}

int run(int argc, char** argv) {
  const daemon::Environment environment = daemon::process_environment();
  const auto parsed = daemon::parse_parleyd_options(argc, argv, environment);
  if (const auto* done = std::get_if<daemon::ParleydDone>(&parsed)) {
    fmt::print("{}", done->text);
    return 0;
  }
  const auto& options = std::get<daemon::ParleydOptions>(parsed);
  const daemon::Config config = daemon::load_config(options.config_file, options.overrides, environment);
  const base::PeerId peer = daemon::peer_index(config, options.peer);
  daemon::SignalWatch signals({SIGTERM, SIGINT, SIGHUP});
  daemon::Log log(config, options.peer);
  daemon::PeerDaemon parleyd(config, peer, control_endpoint_of(config, options.peer, environment), signals, log);
  return parleyd.run();
}

/// Messages of models come and go every round. Returned to the kernel each time, their memory would be cleared and
/// mapped anew page by page.
void keep_freed_memory() {
  constexpr int kLargestKept = 32 << 20;  // more is not allowed
  mallopt(M_MMAP_THRESHOLD, kLargestKept);
  mallopt(M_TRIM_THRESHOLD, 16 * kLargestKept);
  mallopt(M_ARENA_MAX, 1);
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  return daemon::guarded_main("parleyd", [&] { return run(argc, argv); });
}
