// The real programs on real files and sockets: what an operator is promised.

#include "end_to_end.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "daemon/config.h"
#include "daemon/simulated_swarm.h"
#include "eventually.h"

namespace parley::daemon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

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

TEST_F(EndToEnd, LargeModelsAreTheSameWhenThreadsShareTheirCoding) {
  // 286,210 parameters: from 2^18 on, encoding and decoding are shared.
  const std::string file = write("large.toml", std::string(kSmallSwarm) +
                                                   "[gossip]\nalgorithm = \"choco\"\n"
                                                   "[compression]\noperator = \"topk(ratio=0.1) | qsgd(bits=4)\"\n");
  const auto hashes_of = [&](const char* command, const char* threads) {
    std::vector<std::string> arguments = {command,
                                          file,
                                          "--json",
                                          "--set",
                                          "learning.model=mlp(hidden=360)",
                                          "--set",
                                          "swarm.rounds=3",
                                          "--set",
                                          std::string("daemon.threads=") + threads};
    if (command == std::string_view("swarm")) arguments.insert(arguments.end(), {"--run-dir", run_directory("large")});
    return hashes(document(arguments));
  };
  const auto alone = hashes_of("simulate", "1");
  ASSERT_EQ(alone.size(), 4u);
  EXPECT_EQ(hashes_of("simulate", "2"), alone);
  EXPECT_EQ(hashes_of("swarm", "2"), alone);
}

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

TEST_F(EndToEnd, ASimulationSaysThatItDoesNotLookAtTheClock) {
  const std::string file = write("small.toml", kSmallSwarm);
  const Finished limited = parley({"simulate", file, "--json", "--set", "swarm.max_seconds=0.001"});
  EXPECT_EQ(limited.exit_code, 0);
  EXPECT_THAT(limited.err, ::testing::StartsWith(
                               "parley: swarm.max_seconds ends real runs only: a simulation does all of its rounds\n"));
  EXPECT_EQ(json::parse(limited.out)["rounds"], 12);
  EXPECT_THAT(parley({"simulate", file, "--json"}).err, ::testing::Not(HasSubstr("max_seconds")));
}

TEST_F(EndToEnd, ASimulatedPeerHasNoTimeOfWaiting) {
  // Interrupted in the middle of a round, when some peers wait for others.
  const std::vector<std::string> overrides = {"swarm.rounds=100000000"};
  const Config config = parse_config(kSmallSwarm, "small.toml", overrides, {});
  std::size_t waiting = 0;
  SimulationOptions options;
  options.on_progress = [&](std::span<const wire::PeerStatus> peers, double) {
    for (const wire::PeerStatus& peer : peers) {
      EXPECT_EQ(peer.waiting_seconds, 0) << peer.name;
      waiting += peer.waiting_for.size();
    }
    return waiting == 0;
  };
  simulate_swarm(config, options);
  EXPECT_GT(waiting, 0u);
}

TEST_F(EndToEnd, StatusAsJsonHasTheFormThatTheArgumentsAskFor) {
  const std::string file = write("small.toml", kSmallSwarm);
  Program lone("parleyd", {"--config", file, "--peer", "peer-0", "--set", free_base_port()}, environment());
  json by_peer, by_swarm, all;
  const auto ask = [&](std::vector<std::string> arguments, json& document) {
    const Finished asked = parley(std::move(arguments));
    if (asked.exit_code == 0) document = json::parse(asked.out);
    return asked.exit_code == 0 || !lone.is_running();
  };
  ASSERT_TRUE(eventually([&] { return ask({"status", "peer-0", "--json"}, by_peer); }));
  ASSERT_TRUE(ask({"status", "small", "--json"}, by_swarm) && ask({"status", "--json"}, all));
  ASSERT_TRUE(by_peer.is_object());
  EXPECT_EQ(by_peer["name"], "peer-0");
  for (const json& several : {by_swarm, all}) {
    ASSERT_TRUE(several.is_array() && several.size() == 1);
    EXPECT_EQ(several[0]["name"], "peer-0");
  }
  // A result has the same fields, and no others.
  const auto report = document({"simulate", file, "--json", "--set", "swarm.rounds=1"});
  for (const auto& [field, value] : report["peers"][0].items()) EXPECT_TRUE(by_peer.contains(field)) << field;
  lone.signal(SIGTERM);
  EXPECT_EQ(lone.wait().exit_code, 0);
}

TEST_F(EndToEnd, APeerThatIsAloneHasSentNothingAndHeardNothing) {
  const std::string file = write("small.toml", kSmallSwarm);
  Program lone("parleyd", {"--config", file, "--peer", "peer-0", "--set", free_base_port()}, environment());
  json status;
  const auto is_waiting = [&] {
    const Finished asked = parley({"status", "peer-0", "--json"});
    if (asked.exit_code != 0) return !lone.is_running();
    status = json::parse(asked.out);
    return status["state"] == "waiting";
  };
  ASSERT_TRUE(eventually(is_waiting)) << lone.err_so_far();
  ASSERT_EQ(status["neighbours"].size(), 2u) << lone.err_so_far();
  for (const char* kind : {"payload", "header", "control", "resend"}) {
    EXPECT_EQ(status["bytes"]["sent"][kind], 0) << kind;
  }
  for (const json& neighbour : status["neighbours"]) {
    EXPECT_EQ(neighbour["state"], "greeting");
    for (const char* unknown : {"round", "round_lag", "rtt_seconds", "last_heard_seconds"}) {
      EXPECT_TRUE(neighbour[unknown].is_null()) << unknown;
    }
  }
  lone.signal(SIGTERM);
  EXPECT_EQ(lone.wait().exit_code, 0);
}

TEST_F(EndToEnd, ASwarmOfOneTrainsByItself) {
  const std::string file = write("small.toml", kSmallSwarm);
  for (int i = 0; i < 5; ++i) {
    const auto report = document({"swarm", file, "--json", "--run-dir", run_directory("one"), "--set", "swarm.peers=1",
                                  "--set", "topology.graph=complete"});
    EXPECT_EQ(report["rounds"], 12);
  }
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

}  // namespace
}  // namespace parley::daemon
