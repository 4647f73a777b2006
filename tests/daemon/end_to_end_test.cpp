// The real programs on real files and sockets: what an operator is promised.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "eventually.h"
#include "program.h"
#include "scratch_directory.h"

namespace parley::daemon {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A swarm file in a directory of its own, and the environment that keeps its daemons there.
class EndToEnd : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const auto path = scratch / name;
    std::ofstream(path) << text;
    return path.string();
  }
  Finished parley(std::vector<std::string> arguments) { return run_program("parley", arguments, environment()); }
  std::vector<std::pair<std::string, std::string>> environment() const {
    return {{"PARLEY_RUNTIME_DIR", (scratch / "run").string()},
            {"PARLEY_METRICS_RUN_DIR", (scratch / "runs").string()}};
  }
  std::string run_directory(const std::string& name) const { return (scratch / name).string(); }

  /// The JSON document of a run that ended well.
  json document(std::vector<std::string> arguments) {
    const Finished finished = parley(std::move(arguments));
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    json parsed = json::parse(finished.out, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << finished.out;
    return parsed;
  }

  static std::vector<std::string> hashes(const json& report) {
    std::vector<std::string> result;
    for (const json& peer : report.at("peers")) result.push_back(peer.at("model_hash"));
    return result;
  }

  ScratchDirectory scratch;
};

/// A port that somebody else listens on.
class TakenPort {
 public:
  TakenPort() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 1), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~TakenPort() { close(socket_); }
  int port() const { return port_; }

 private:
  int socket_;
  int port_ = 0;
};

/// "swarm.base_port=P" such that P .. P + 3 are free. Below the range from which the kernel gives ports away by itself.
std::string free_base_port() {
  const auto is_free = [](int port) {
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool bound = bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(descriptor);
    return bound;
  };
  int base = 10000 + static_cast<int>(getpid() % 3000) * 7;  // other tests run at the same time
  while (!(is_free(base) && is_free(base + 1) && is_free(base + 2) && is_free(base + 3))) base += 4;
  return "swarm.base_port=" + std::to_string(base);
}

constexpr const char* kSmallSwarm = R"toml(
[swarm]
name = "small"
rounds = 12
peers = 4
[learning]
dataset = "glyphs(train=400, test=100)"
model = "mlp(hidden=16)"
batch = 300
learning_rate = 0.1
evaluate_every = 6
)toml";

struct Method {
  const char* name;
  const char* sections;  ///< of the swarm file
};

void PrintTo(const Method& method, std::ostream* out) {
  *out << method.name;
}

class SimulatedEqualsReal : public EndToEnd, public ::testing::WithParamInterface<Method> {};

TEST_P(SimulatedEqualsReal, ModelsAreTheSameTwiceInARowAndWithTwoThreads) {
  const std::string file = write("small.toml", std::string(kSmallSwarm) + GetParam().sections);
  const auto simulated = hashes(document({"simulate", file, "--json"}));
  ASSERT_EQ(simulated.size(), 4u);
  for (const std::string& hash : simulated) EXPECT_EQ(hash.size(), 16u);
  EXPECT_EQ(std::set(simulated.begin(), simulated.end()).size(), 4u)
      << "peers have data of their own, so models differ";
  EXPECT_EQ(hashes(document({"simulate", file, "--json", "--set", "daemon.threads=2"})), simulated);
  for (const char* threads : {"1", "1", "2"}) {
    const auto real = document({"swarm", file, "--json", "--run-dir", run_directory("real"), "--set",
                                std::string("daemon.threads=") + threads});
    EXPECT_EQ(hashes(real), simulated) << "with " << threads << " threads";
  }
  EXPECT_NE(hashes(document({"simulate", file, "--json", "--set", "swarm.seed=2"})), simulated);
}

INSTANTIATE_TEST_SUITE_P(
    Algorithms, SimulatedEqualsReal,
    ::testing::Values(
        Method{"Dpsgd", "[gossip]\nalgorithm = \"dpsgd(order=cta)\"\n[compression]\noperator = \"identity\"\n"},
        Method{"ChocoTopk", "[gossip]\nalgorithm = \"choco\"\n[compression]\noperator = \"topk(ratio=0.05)\"\n"},
        Method{"ChocoPipelineComplete",
               "[gossip]\nalgorithm = \"choco(order=cta)\"\n[topology]\ngraph = \"complete\"\n"
               "[compression]\noperator = \"topk(ratio=0.1) | qsgd(bits=4)\"\n"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_F(EndToEnd, SwarmAndSimulationPrintTheDocumentedJson) {
  const std::string file = write("small.toml", kSmallSwarm);
  json real = document({"swarm", file, "--json", "--run-dir", run_directory("real")});
  json simulated = document({"simulate", file, "--json"});
  const auto keys = [](const json& object) {
    std::set<std::string> names;
    for (const auto& [key, value] : object.items()) names.insert(key);
    return names;
  };
  EXPECT_EQ(keys(real), (std::set<std::string>{"config_hash", "rounds", "seconds", "peers"}));
  EXPECT_EQ(keys(simulated), (std::set<std::string>{"config_hash", "rounds", "seconds", "virtual_seconds", "peers"}));
  EXPECT_EQ(real["config_hash"], simulated["config_hash"]);
  EXPECT_EQ(real["rounds"], 12);
  for (const json& report : {real, simulated}) {
    for (const json& peer : report["peers"]) {
      EXPECT_EQ(keys(peer),
                (std::set<std::string>{"name", "round", "model_hash", "train_loss", "test_loss", "test_accuracy",
                                       "consensus_distance", "bytes", "seconds", "max_rss_bytes"}));
      for (const char* direction : {"sent", "received"}) {
        EXPECT_EQ(keys(peer["bytes"][direction]), (std::set<std::string>{"payload", "header", "control", "resend"}));
      }
      EXPECT_EQ(keys(peer["seconds"]), (std::set<std::string>{"compute", "encode", "wait", "decode", "mix"}));
      EXPECT_GT(peer["bytes"]["sent"]["payload"], 0);
    }
    // What all sent is what all received: nothing is counted that did not cross the wire.
    std::uint64_t sent = 0, received = 0;
    for (const json& peer : report["peers"]) {
      sent += peer["bytes"]["sent"]["payload"].get<std::uint64_t>();
      received += peer["bytes"]["received"]["payload"].get<std::uint64_t>();
    }
    EXPECT_EQ(sent, received);
  }
  for (const char* left : {"metrics.jsonl", "result.json", "model.safetensors", "log.txt"}) {
    EXPECT_TRUE(std::filesystem::exists(scratch / "real" / "peer-2" / left)) << left;
  }
  std::ifstream metrics(scratch / "real" / "peer-2" / "metrics.jsonl");
  int lines = 0;
  for (std::string line; std::getline(metrics, line); ++lines) EXPECT_EQ(json::parse(line)["round"], lines + 1);
  EXPECT_EQ(lines, 12);
}

TEST_F(EndToEnd, DivergingTrainingEndsTheSwarmWithTheRoundAndTheRemedy) {
  const std::string file = write("small.toml", kSmallSwarm);
  for (const char* command : {"simulate", "swarm"}) {
    // x -= 1e6 (g + x): the model grows a millionfold each round until no float can hold it.
    std::vector<std::string> arguments = {
        command, file, "--set", "learning.learning_rate=1e6", "--set", "learning.optimizer=sgd(weight_decay=1)"};
    if (std::string(command) == "swarm") arguments.insert(arguments.end(), {"--run-dir", run_directory("real")});
    const Finished finished = parley(arguments);
    EXPECT_EQ(finished.exit_code, 1) << command;
    EXPECT_THAT(finished.err, AllOf(HasSubstr("round "), HasSubstr("learning.learning_rate"))) << command;
  }
}

TEST_F(EndToEnd, NoLearningRateLeadsToAnAbort) {
  // Whatever diverges, slowly or at once, ends with a message and exit code 1, or with a result.
  const std::string file = write("small.toml", kSmallSwarm);
  for (const char* algorithm : {"choco", "choco(order=cta)", "choco(gamma=0.5)", "dpsgd"}) {
    for (const char* rate : {"1", "3", "50", "1000", "1e6"}) {
      const bool is_dpsgd = std::string(algorithm) == "dpsgd";
      const Finished finished =
          parley({"simulate", file, "--set", std::string("gossip.algorithm=") + algorithm, "--set",
                  std::string("compression.operator=") + (is_dpsgd ? "identity" : "topk(ratio=0.2)"), "--set",
                  std::string("learning.learning_rate=") + rate, "--set",
                  "learning.optimizer=sgd(momentum=0.9, weight_decay=1)", "--set", "swarm.rounds=80"});
      EXPECT_LE(finished.exit_code, 1) << algorithm << ' ' << rate << ' ' << finished.err;
      if (finished.exit_code == 0) continue;
      EXPECT_THAT(finished.err, HasSubstr("learning.learning_rate")) << algorithm << ' ' << rate;
    }
  }
}

TEST_F(EndToEnd, AnInterruptAtAnyMomentEndsASwarmCleanly) {
  const std::string file = write("small.toml", kSmallSwarm);
  for (int milliseconds : {0, 5, 10, 20, 40, 80, 160}) {
    Program swarm("parley",
                  {"swarm", file, "--run-dir", run_directory("r" + std::to_string(milliseconds)), "--set",
                   "swarm.rounds=100000000"},
                  environment());
    usleep(static_cast<useconds_t>(milliseconds) * 1000 + 10000);  // moments of start-up, whatever it is doing then
    swarm.signal(SIGINT);
    const Finished finished = swarm.wait();
    // Before parley catches the signal, dying of it is what any program does.
    EXPECT_TRUE(finished.exit_code == 0 || finished.exit_code == 128 + SIGINT)
        << milliseconds << ": " << finished.exit_code << finished.err;
  }
}

TEST_F(EndToEnd, APeerThatIsRestartedBeforeTheSwarmStartsTakesPart) {
  const std::string file = write("small.toml", kSmallSwarm);
  const std::string base = free_base_port();
  const auto start = [&](const char* peer) {
    return std::make_unique<Program>(
        "parleyd", std::vector<std::string>{"--config", file, "--peer", peer, "--set", base}, environment());
  };
  auto zero = start("peer-0"), one = start("peer-1");
  ASSERT_TRUE(eventually([&] { return zero->err_so_far().find("agreed with peer-1") != std::string::npos; }));
  one->signal(SIGTERM);
  EXPECT_EQ(one->wait().exit_code, 0);
  one = start("peer-1");
  auto two = start("peer-2"), three = start("peer-3");
  for (auto* peer : {&zero, &one, &two, &three}) {
    const Finished finished = (*peer)->wait();
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("round 12"));
  }
}

TEST_F(EndToEnd, APeerThatStartsAnewInMidRunIsToldAndTheOthersGoOn) {
  const std::string file = write("small.toml", std::string(kSmallSwarm) + "[topology]\ngraph = \"complete\"\n");
  const std::string base = free_base_port();
  const auto start = [&](const std::string& peer) {
    return std::make_unique<Program>(
        "parleyd",
        std::vector<std::string>{"--config", file, "--peer", peer, "--set", base, "--set", "swarm.rounds=100000000"},
        environment());
  };
  std::vector<std::unique_ptr<Program>> peers;
  for (int i = 0; i < 4; ++i) peers.push_back(start("peer-" + std::to_string(i)));
  ASSERT_TRUE(eventually([&] { return peers[0]->err_so_far().find("round 6") != std::string::npos; }));
  peers[3]->signal(SIGKILL);
  peers[3]->wait();
  const Finished again = start("peer-3")->wait();
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_THAT(again.err, HasSubstr("cannot"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(peers[static_cast<std::size_t>(i)]->is_running());
    peers[static_cast<std::size_t>(i)]->signal(SIGTERM);
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(peers[static_cast<std::size_t>(i)]->wait().exit_code, 0);
}

TEST_F(EndToEnd, ASwarmOfOneTrainsByItself) {
  const std::string file = write("small.toml", kSmallSwarm);
  for (int i = 0; i < 5; ++i) {
    const auto report = document({"swarm", file, "--json", "--run-dir", run_directory("one"), "--set", "swarm.peers=1",
                                  "--set", "topology.graph=complete"});
    EXPECT_EQ(report["rounds"], 12);
  }
}

TEST_F(EndToEnd, RestartingAFinishedPeerKeepsItsResults) {
  const std::string file = write("small.toml", kSmallSwarm);
  document({"swarm", file, "--json", "--run-dir", run_directory("real")});
  const auto model = scratch / "real" / "peer-0" / "model.safetensors";
  std::ifstream before_file(model, std::ios::binary);
  const std::string before((std::istreambuf_iterator<char>(before_file)), {});
  Program again("parleyd",
                {"--config", file, "--peer", "peer-0", "--set", "metrics.run_dir=" + run_directory("real"), "--set",
                 free_base_port()},
                environment());
  ASSERT_TRUE(
      eventually([&] { return !again.is_running() || again.err_so_far().find("listening") != std::string::npos; }));
  again.signal(SIGTERM);
  EXPECT_EQ(again.wait().exit_code, 0);
  std::ifstream after_file(model, std::ios::binary);
  EXPECT_EQ(std::string((std::istreambuf_iterator<char>(after_file)), {}), before);
  EXPECT_GT(before.size(), 1000u);
}

TEST_F(EndToEnd, InterruptingASwarmEndsEveryDaemonAndKeepsResults) {
  const std::string file = write("small.toml", kSmallSwarm);
  Program swarm("parley", {"swarm", file, "--run-dir", run_directory("real"), "--set", "swarm.rounds=100000000"},
                environment());
  const auto metrics = scratch / "real" / "peer-0" / "metrics.jsonl";
  ASSERT_TRUE(eventually([&] {
    return !swarm.is_running() || (std::filesystem::exists(metrics) && std::filesystem::file_size(metrics) > 0);
  }));
  ASSERT_TRUE(swarm.is_running()) << swarm.err_so_far();
  std::vector<pid_t> daemons;
  for (int i = 0; i < 4; ++i) {
    const Finished status = parley({"status", "peer-" + std::to_string(i), "--json"});
    ASSERT_EQ(status.exit_code, 0) << status.err;
    daemons.push_back(json::parse(status.out)["pid"].get<pid_t>());
    EXPECT_EQ(kill(daemons.back(), 0), 0);
  }
  swarm.signal(SIGINT);
  const Finished finished = swarm.wait();
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  for (pid_t daemon : daemons) EXPECT_NE(kill(daemon, 0), 0) << "a daemon outlived its swarm";
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(std::filesystem::exists(scratch / "real" / ("peer-" + std::to_string(i)) / "model.safetensors"));
  }
}

// Bad input: one clear message with place, cause and remedy, and the documented exit code.

TEST_F(EndToEnd, ATakenPortIsNamedWithTheOptionThatMovesIt) {
  const TakenPort taken;
  const std::string file = write("small.toml", kSmallSwarm);
  const Finished finished = run_program(
      "parleyd", {"--config", file, "--peer", "peer-0", "--set", "swarm.base_port=" + std::to_string(taken.port())},
      environment());
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err,
              AllOf(HasSubstr(std::to_string(taken.port())), HasSubstr("in use"), HasSubstr("swarm.base_port")));
}

TEST_F(EndToEnd, APeerWithAnotherConfigurationIsToldWhatDiffersAndStops) {
  const std::string file = write("small.toml", std::string(kSmallSwarm) + "[topology]\ngraph = \"complete\"\n");
  const std::string base = free_base_port();
  std::vector<std::unique_ptr<Program>> others;
  for (const char* peer : {"peer-0", "peer-1", "peer-2"}) {
    others.push_back(std::make_unique<Program>(
        "parleyd", std::vector<std::string>{"--config", file, "--peer", peer, "--set", base}, environment()));
  }
  const Finished odd = run_program(
      "parleyd", {"--config", file, "--peer", "peer-3", "--set", base, "--set", "learning.learning_rate=0.2"},
      environment());
  EXPECT_EQ(odd.exit_code, 1);
  EXPECT_THAT(odd.err, AllOf(HasSubstr("learning.learning_rate"), HasSubstr("0.2"), HasSubstr("0.1")));
  for (auto& other : others) {
    EXPECT_TRUE(other->is_running()) << other->err_so_far();
    other->signal(SIGTERM);
    EXPECT_EQ(other->wait().exit_code, 0);
  }
}

TEST_F(EndToEnd, ASecondDaemonInTheSameDirectoryIsRefused) {
  const std::string file = write("small.toml", kSmallSwarm);
  const std::vector<std::string> arguments = {
      "--config",      file, "--peer", "peer-0", "--set", "metrics.run_dir=" + run_directory("one"), "--set",
      free_base_port()};
  auto with = [&](const std::string& runtime) {
    return std::vector<std::pair<std::string, std::string>>{{"PARLEY_RUNTIME_DIR", (scratch / runtime).string()}};
  };
  Program first("parleyd", arguments, with("a"));
  ASSERT_TRUE(
      eventually([&] { return !first.is_running() || std::filesystem::exists(scratch / "one" / "peer-0" / "lock"); }));
  const Finished second = run_program("parleyd", arguments, with("b"));
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_THAT(second.err, AllOf(HasSubstr("another daemon"), HasSubstr("metrics.run_dir")));
}

struct BadData {
  const char* name;
  const char* dataset;
  std::vector<const char*> files;  ///< written into the data directory, all with these contents
  const char* contents;
  std::vector<const char*> said;
};

void PrintTo(const BadData& bad, std::ostream* out) {
  *out << bad.name;
}

class BadDataTest : public EndToEnd, public ::testing::WithParamInterface<BadData> {};

TEST_P(BadDataTest, IsRefusedWithTheFileAndTheRemedy) {
  const BadData& bad = GetParam();
  std::filesystem::create_directories(scratch / "data");
  for (const char* name : bad.files) std::ofstream(scratch / "data" / name) << bad.contents;
  const std::string file = write("small.toml", kSmallSwarm);
  const std::vector<std::string> settings = {"--set", std::string("learning.dataset=") + bad.dataset,
                                             "--set", "learning.model=softmax",
                                             "--set", "learning.data=" + (scratch / "data").string()};
  std::vector<std::string> arguments = {"simulate", file};
  arguments.insert(arguments.end(), settings.begin(), settings.end());
  const Finished simulated = parley(arguments);
  EXPECT_EQ(simulated.exit_code, 2);
  arguments = {"--config", file, "--peer", "peer-1"};
  arguments.insert(arguments.end(), settings.begin(), settings.end());
  const Finished real = run_program("parleyd", arguments, environment());
  EXPECT_EQ(real.exit_code, 2);
  for (const char* part : bad.said) {
    EXPECT_THAT(simulated.err, HasSubstr(part));
    EXPECT_THAT(real.err, HasSubstr(part));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, BadDataTest,
    ::testing::Values(BadData{"MissingIdx", "mnist", {}, nullptr, {"images-idx3-ubyte", "learning.data"}},
                      BadData{"NotAnIdx",
                              "mnist",
                              {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                               "t10k-labels-idx1-ubyte"},
                              "IDX?",
                              {"-ubyte: at byte 0", "IDX"}},
                      BadData{"MissingLibsvm", "libsvm(a9a)", {}, nullptr, {"a9a", "learning.data"}},
                      BadData{"BrokenLibsvm", "libsvm(a9a)", {"a9a"}, "+1 1:1 2:1\n-1 1:x\n", {"a9a:2"}},
                      BadData{"MissingCsv", "csv(train=t.csv)", {}, nullptr, {"t.csv", "learning.data"}},
                      BadData{"BrokenCsv", "csv(train=t.csv)", {"t.csv"}, "a,b,y\n1,2,0\n1,zwei,1\n", {"t.csv:3"}}),
    [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace parley::daemon
