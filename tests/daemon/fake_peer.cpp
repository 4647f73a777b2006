// fake_peer NAME ENDPOINT DIRECTORY ROUNDS BEHAVIOUR: a daemon that trains nothing.
//
// Counts a round each time it is asked for its status, answers its control socket as a daemon does, writes result.json
// into DIRECTORY and ends after ROUNDS rounds (0: never) or on SIGTERM. BEHAVIOUR is one of
//   good      as said
//   die       prints a few lines and ends with code 1, once all of DIRECTORY/../peer-*/ready is there
//   refuse    the same with code 2
//   mute      ends with code 0 and leaves no result
//   stubborn  ignores SIGTERM
#include <fmt/format.h>
#include <unistd.h>
#include <zmq.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "daemon/control_server.h"
#include "daemon/report.h"
#include "daemon/signals.h"

namespace {

using namespace parley;
namespace fs = std::filesystem;

wire::PeerStatus initial(const std::string& name, std::uint64_t rounds) {
  wire::PeerStatus status;
  status.name = name;
  status.swarm = "fake";
  status.config_hash = "00000000000000aa";
  status.state = wire::PeerState::training;
  status.rounds = rounds;
  status.model_hash = "0123456789abcdef";
  status.loss = 0.5;
  status.test_accuracy = 0.25;
  status.sent.payload = 1000;
  return status;
}

bool all_ready(const fs::path& run) {
  for (const auto& peer : fs::directory_iterator(run))
    if (peer.is_directory() && !fs::exists(peer.path() / "ready")) return false;
  return true;
}

int die(const fs::path& run, int code) {
  while (!all_ready(run)) ::usleep(1000);
  for (int line = 1; line <= 30; ++line) fmt::print(stderr, "log line {}\n", line);
  fmt::print(stderr, "error: the data is gone\n");
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 64;
  const std::string name = argv[1], endpoint = argv[2], behaviour = argv[5];
  const fs::path directory = argv[3];
  const std::uint64_t rounds = std::strtoull(argv[4], nullptr, 10);

  daemon::SignalWatch signals{SIGTERM};
  daemon::ControlServer server({endpoint});
  std::ofstream(directory / "pid") << ::getpid() << '\n';
  std::ofstream(directory / "ready").put('\n');
  if (behaviour == "die") return die(directory.parent_path(), 1);
  if (behaviour == "refuse") return die(directory.parent_path(), 2);

  wire::PeerStatus status = initial(name, rounds);
  bool stop = false;
  while (!stop && (rounds == 0 || status.round < rounds)) {
    zmq_pollitem_t items[] = {{server.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, signals.descriptor(), ZMQ_POLLIN, 0}};
    zmq_poll(items, 2, -1);
    server.serve([&](const wire::ControlAsk& ask) -> wire::ControlAnswer {
      if (std::holds_alternative<wire::AskStop>(ask)) return stop = true, wire::ControlDone{};
      ++status.round;
      return status;
    });
    if (signals.take() && behaviour != "stubborn") stop = true;
  }
  status.state = wire::PeerState::done;
  if (behaviour != "mute") daemon::write_result(directory / "result.json", status);
  return 0;
}
