// How fast a swarm's rounds are, and how far from what the machine could do.
//
// Runs eight real daemons on a ring for three models, with full exchange (D-PSGD) and with CHOCO top-k 1 %, and prints
// rounds per second, CPU, bytes and memory. Beside each run stand two bounds, measured in the same minute:
//   compute  eight processes that only take the same gradient steps
//   wire     eight processes that only move the same bytes to the same neighbours over bare libzmq, in lockstep
// and the ratio of the swarm's rate to the smaller of them. Above 0.5 is good; 1 would be perfect overlap.
//
//   swarm_rounds [SCALE [TEXT]]     SCALE times as many rounds (default 1); only rows whose model and exchange hold
//   TEXT
//
// Start-up is not counted: every figure is the difference between a long run and a short one.

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "daemon/assembly.h"
#include "daemon/config.h"
#include "daemon/worker_pool.h"

namespace {

using namespace parley;
using Clock = std::chrono::steady_clock;

constexpr int kPeers = 8;

struct Model {
  const char* spec;
  std::uint64_t rounds;  // of the long run: some seconds
};
constexpr Model kModels[] = {{"softmax", 6000}, {"mlp(hidden=256)", 2500}, {"mlp(hidden=1024-1024)", 250}};

struct Exchange {
  const char* name;
  const char* algorithm;
  const char* compressor;
};
constexpr Exchange kExchanges[] = {{"full", "dpsgd", "identity"}, {"choco top-k 1 %", "choco", "topk(ratio=0.01)"}};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What a number of rounds took all peers together.
struct Measured {
  double seconds = 0;
  double cpu_seconds = 0;
  double payload_bytes = 0, other_bytes = 0;  // sent, by all peers
  double max_rss = 0;                         // of the largest peer

  Measured minus(const Measured& shorter) const {
    return {seconds - shorter.seconds, cpu_seconds - shorter.cpu_seconds, payload_bytes - shorter.payload_bytes,
            other_bytes - shorter.other_bytes, max_rss};
  }
};

double cpu_of(const rusage& usage) {
  const auto in_seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime);
}

std::vector<std::string> overrides_of(const Model& model, const Exchange& exchange, std::uint64_t rounds) {
  return {std::string("learning.model=") + model.spec, std::string("gossip.algorithm=") + exchange.algorithm,
          std::string("compression.operator=") + exchange.compressor, "swarm.rounds=" + std::to_string(rounds)};
}

/// Runs `parley swarm` and reads what it prints.
Measured run_swarm(const std::filesystem::path& programs, const std::string& file, const std::string& run_directory,
                   const std::vector<std::string>& overrides) {
  std::vector<std::string> arguments = {
      (programs / "parley").string(), "swarm", file, "--json", "--run-dir", run_directory};
  for (const std::string& each : overrides) arguments.insert(arguments.end(), {"--set", each});
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const std::string output = run_directory + ".json";
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    if (std::freopen(output.c_str(), "w", stdout) == nullptr || std::freopen("/dev/null", "w", stderr) == nullptr)
      _exit(126);
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error("parley swarm failed; see " + run_directory);
  const auto report = nlohmann::json::parse(std::ifstream(output));
  Measured measured{.seconds = report.at("seconds"), .cpu_seconds = cpu_of(usage)};
  for (const auto& peer : report.at("peers")) {
    const auto& sent = peer.at("bytes").at("sent");
    measured.payload_bytes += sent.at("payload").get<double>();
    measured.other_bytes +=
        sent.at("header").get<double>() + sent.at("control").get<double>() + sent.at("resend").get<double>();
    measured.max_rss = std::max(measured.max_rss, peer.at("max_rss_bytes").get<double>());
  }
  return measured;
}

/// Forks one process per peer, lets each get ready, starts them together and returns the seconds until all have ended.
double run_together(const std::function<std::function<void()>(int peer)>& prepare) {
  std::fflush(stdout);  // or every child would print it again
  int ready[2], go[2];
  PARLEY_CHECK(pipe(ready) == 0 && pipe(go) == 0);
  for (int peer = 0; peer < kPeers; ++peer) {
    if (fork() > 0) continue;
    close(go[1]);
    char byte = 0;
    const auto work = prepare(peer);
    PARLEY_CHECK(write(ready[1], &byte, 1) == 1);
    PARLEY_CHECK(read(go[0], &byte, 1) == 0);  // ends when the parent closes its end
    work();
    _exit(0);
  }
  char byte;
  for (int peer = 0; peer < kPeers; ++peer) PARLEY_CHECK(read(ready[0], &byte, 1) == 1);
  const auto start = Clock::now();
  close(go[1]);
  for (int peer = 0; peer < kPeers; ++peer) {
    int status = 0;
    wait(&status);
    PARLEY_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, status);
  }
  const double seconds = seconds_since(start);
  for (int descriptor : {ready[0], ready[1], go[0]}) close(descriptor);
  return seconds;
}

/// Rounds per second of gradient steps alone.
double compute_bound(const std::string& file, const std::vector<std::string>& overrides, std::uint64_t rounds) {
  const daemon::Config config = daemon::load_config(file, overrides, daemon::process_environment());
  const double seconds = run_together([&](int peer) -> std::function<void()> {
    auto workers = std::make_shared<daemon::WorkerPool>(1);
    auto swarm = std::make_shared<daemon::SwarmGraph>(daemon::assemble_graph(config));
    const auto id = base::PeerId{static_cast<std::uint32_t>(peer)};
    auto parts = std::make_shared<daemon::PeerParts>(
        daemon::assemble_peer(config, *swarm, id, base::Incarnation{1}, nullptr, *workers));
    auto x = std::make_shared<std::vector<float>>(parts->learner->layout().size());
    parts->learner->initial_model(*x);
    return [workers, swarm, parts, x, rounds, &config] {
      std::vector<float> g(x->size());
      for (std::uint64_t round = 0; round < rounds; ++round) {
        parts->learner->gradient(*x, base::Round{round}, g);
        parts->optimizer->step(*x, *x, g, static_cast<float>(config.learning.learning_rate));
      }
    };
  });
  return static_cast<double>(rounds) / seconds;
}

/// A port of loopback for every process, free a moment ago.
std::vector<int> free_ports() {
  std::vector<int> sockets, ports;
  for (int peer = 0; peer < kPeers; ++peer) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    sockets.push_back(socket(AF_INET, SOCK_STREAM, 0));
    PARLEY_CHECK(bind(sockets.back(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    PARLEY_CHECK(getsockname(sockets.back(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    ports.push_back(ntohs(address.sin_port));
  }
  for (int each : sockets) close(each);
  return ports;
}

/// Rounds per second of bare libzmq that moves a header and a payload to both neighbours and waits for theirs.
double wire_bound(std::size_t payload_bytes, std::uint64_t rounds) {
  const std::vector<int> ports = free_ports();
  const double seconds = run_together([&](int peer) -> std::function<void()> {
    void* context = zmq_ctx_new();
    void* in = zmq_socket(context, ZMQ_ROUTER);
    PARLEY_CHECK(zmq_bind(in, fmt::format("tcp://127.0.0.1:{}", ports[static_cast<std::size_t>(peer)]).c_str()) == 0,
                 zmq_strerror(zmq_errno()));
    std::vector<void*> out;
    for (int neighbour : {(peer + 1) % kPeers, (peer + kPeers - 1) % kPeers}) {
      out.push_back(zmq_socket(context, ZMQ_DEALER));
      PARLEY_CHECK(zmq_connect(out.back(),
                               fmt::format("tcp://127.0.0.1:{}", ports[static_cast<std::size_t>(neighbour)]).c_str()) ==
                   0);
    }
    return [context, in, out, payload_bytes, rounds] {
      const std::vector<char> header(160), payload(payload_bytes);
      for (std::uint64_t round = 0; round < rounds; ++round) {
        for (void* socket : out) {
          zmq_send_const(socket, header.data(), header.size(), ZMQ_SNDMORE);
          zmq_msg_t message;
          zmq_msg_init_data(&message, const_cast<char*>(payload.data()), payload.size(), [](void*, void*) {}, nullptr);
          zmq_msg_send(&message, socket, 0);
        }
        // Rounds overlap by at most one, as in the swarm: two messages a round, whoever they are from.
        for (int frames = 0; frames < 2 * 3; ++frames) {
          zmq_msg_t message;
          zmq_msg_init(&message);
          zmq_msg_recv(&message, in, 0);
          zmq_msg_close(&message);
        }
      }
      for (void* socket : out) zmq_close(socket);
      zmq_close(in);
      zmq_ctx_term(context);  // returns when the last messages have left
    };
  });
  return static_cast<double>(rounds) / seconds;
}

std::string write_config(const std::filesystem::path& directory, const char* data) {
  const std::string file = (directory / "bench.toml").string();
  std::ofstream(file) << "[swarm]\nname = \"bench\"\npeers = 8\n[topology]\ngraph = \"ring\"\n[learning]\nbatch = 32\n"
                      << "evaluate_every = 1000000\nlearning_rate = 0.01\n"
                      << (data != nullptr ? "dataset = \"mnist\"\n" : "dataset = \"glyphs(train=16000, test=1000)\"\n")
                      << "[metrics]\nevery = 1000\n[daemon]\nthreads = 1\n";
  return file;
}

}  // namespace

int main(int argc, char** argv) {
  const double scale = argc > 1 ? std::atof(argv[1]) : 1;  // of the number of rounds
  const std::string wanted = argc > 2 ? argv[2] : "";
  const std::filesystem::path programs = PARLEY_PROGRAMS;
  std::string pattern = (std::filesystem::temp_directory_path() / "parley-bench-XXXXXX").string();
  const std::filesystem::path directory = mkdtemp(pattern.data());
  const char* data = std::getenv("PARLEY_DATA");
  const std::string file = write_config(directory, data);
  fmt::print("8 daemons on a ring, batch 32, one thread each, {}\n",
             data != nullptr ? "MNIST" : "glyphs (PARLEY_DATA is not set)");
  fmt::print("{:<22} {:<16} {:>9} {:>8} {:>8} {:>6} {:>10} {:>11} {:>9} {:>8}\n", "model", "exchange", "rounds/s",
             "compute", "wire", "ratio", "CPU ms/rd", "payload B/rd", "other B/rd", "MiB/peer");
  for (const Model& model : kModels) {
    const auto long_run = static_cast<std::uint64_t>(static_cast<double>(model.rounds) * scale) + 20;
    const std::uint64_t short_run = long_run / 10;
    const auto rounds = static_cast<double>(long_run - short_run);
    for (const Exchange& exchange : kExchanges) {
      if (fmt::format("{} {}", model.spec, exchange.name).find(wanted) == std::string::npos) continue;
      const std::string run = (directory / "run").string();
      const Measured difference = run_swarm(programs, file, run, overrides_of(model, exchange, long_run))
                                      .minus(run_swarm(programs, file, run, overrides_of(model, exchange, short_run)));
      const double rate = rounds / difference.seconds;
      const double payload = difference.payload_bytes / rounds / kPeers;
      const double compute = compute_bound(file, overrides_of(model, exchange, long_run), long_run);
      const double wire = wire_bound(static_cast<std::size_t>(payload / 2), long_run);
      fmt::print("{:<22} {:<16} {:>9.1f} {:>8.1f} {:>8.1f} {:>6.2f} {:>10.3f} {:>11.0f} {:>9.0f} {:>8.1f}\n",
                 model.spec, exchange.name, rate, compute, wire, rate / std::min(compute, wire),
                 1e3 * difference.cpu_seconds / rounds / kPeers, payload, difference.other_bytes / rounds / kPeers,
                 difference.max_rss / (1 << 20));
      std::fflush(stdout);
    }
  }
  std::filesystem::remove_all(directory);
  return 0;
}
