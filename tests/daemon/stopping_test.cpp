// Real peers that are stopped, killed and started again, at whatever moment.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>

#include "end_to_end.h"
#include "eventually.h"

namespace parley::daemon {
namespace {

using ::testing::HasSubstr;

TEST_F(EndToEnd, AnInterruptAtAnyMomentEndsASwarmCleanly) {
  const std::string file = write("small.toml", kSmallSwarm);
  const auto log_says = [this](const std::string& run, const char* text) {
    std::ifstream log(scratch / run / "peer-2" / "log.txt");
    const std::string said((std::istreambuf_iterator<char>(log)), {});
    return said.find(text) != std::string::npos;
  };
  // Moments in the life of a swarm, each the first at which something can be seen of it.
  const std::vector<std::function<bool(const Program&, const std::string&)>> moments = {
      [](const auto&, const auto&) { return true; },
      [&](const auto&, const auto& run) { return std::filesystem::exists(scratch / run); },
      [](const auto& swarm, const auto&) { return swarm.err_so_far().find("results in") != std::string::npos; },
      [&](const auto&, const auto& run) { return std::filesystem::exists(scratch / run / "peer-2" / "log.txt"); },
      [&](const auto&, const auto& run) { return std::filesystem::exists(scratch / run / "peer-2" / "lock"); },
      [&](const auto&, const auto& run) { return log_says(run, "listening"); },
      [&](const auto&, const auto& run) { return log_says(run, "agreed with"); },
      [&](const auto&, const auto& run) { return log_says(run, "round 6"); },
  };
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const std::string run = "r" + std::to_string(i);
    Program swarm("parley", {"swarm", file, "--run-dir", run_directory(run), "--set", "swarm.rounds=100000000"},
                  environment());
    ASSERT_TRUE(eventually([&] { return moments[i](swarm, run); })) << i << ": " << swarm.err_so_far();
    swarm.signal(SIGINT);
    const Finished finished = swarm.wait();
    // Before parley catches the signal, dying of it is what any program does.
    EXPECT_TRUE(finished.exit_code == 0 || finished.exit_code == 128 + SIGINT)
        << i << ": " << finished.exit_code << finished.err;
  }
}

TEST_F(EndToEnd, OnlyASecondSignalEndsAStoppingPeerAtOnce) {
  const std::string file = write("small.toml", kSmallSwarm);
  const std::string base = free_base_port();
  const auto start = [&](const char* peer) {
    return std::make_unique<Program>(
        "parleyd",
        std::vector<std::string>{"--config", file, "--peer", peer, "--set", base, "--set", "swarm.peers=2", "--set",
                                 "topology.graph=complete", "--set", "swarm.rounds=100000000", "--set",
                                 "daemon.drain_timeout=1h"},
        environment());
  };
  const auto zero = start("peer-0"), one = start("peer-1");
  const auto zero_says = [&](const char* text) {
    return eventually([&] { return zero->err_so_far().find(text) != std::string::npos || !zero->is_running(); }) &&
           zero->is_running();
  };
  ASSERT_TRUE(zero_says("round 6"));
  one->signal(SIGSTOP);  // so that peer-0 cannot finish its round
  Program stop("parley", {"stop", "peer-0"}, environment());
  ASSERT_TRUE(zero_says("stopping after this round: asked to"));
  zero->signal(SIGTERM);
  ASSERT_TRUE(zero_says("once more ends it at once")) << "the first signal ended it: " << zero->err_so_far();
  zero->signal(SIGTERM);
  const Finished ended = zero->wait();
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("interrupted again"));
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

/// The rounds that a peer has done, 0 if it does not say.
std::uint64_t rounds_of(const Finished& status) {
  const json document = json::parse(status.out, nullptr, false);
  return document.is_object() ? document.value("round", std::uint64_t{0}) : 0;
}

TEST_F(EndToEnd, APeerThatStartsAnewInMidRunIsToldAndTheOthersGoOn) {
  for (const std::string graph : {"complete", "ring"}) {
    SCOPED_TRACE(graph);
    const std::string file = write("small.toml", std::string(kSmallSwarm) + "[topology]\ngraph = \"" + graph + "\"\n");
    const std::string base = free_base_port();
    const auto start = [&](const std::string& peer) {
      return std::make_unique<Program>(
          "parleyd",
          std::vector<std::string>{"--config", file, "--peer", peer, "--set", base, "--set", "swarm.rounds=100000000"},
          environment());
    };
    const auto rounds = [&](int i) { return rounds_of(parley({"status", "peer-" + std::to_string(i), "--json"})); };
    std::vector<std::unique_ptr<Program>> peers;
    for (int i = 0; i < 4; ++i) peers.push_back(start("peer-" + std::to_string(i)));
    ASSERT_TRUE(eventually([&] { return peers[0]->err_so_far().find("round 6") != std::string::npos; }));
    peers[3]->signal(SIGKILL);
    peers[3]->wait();
    const Finished again = start("peer-3")->wait();
    EXPECT_EQ(again.exit_code, 1);
    EXPECT_THAT(again.err, HasSubstr("cannot"));
    EXPECT_THAT(again.err, testing::Not(HasSubstr("has restarted"))) << "it is the one that has";
    for (int i = 0; i < 3; ++i) {
      const std::uint64_t before = rounds(i);
      EXPECT_TRUE(eventually([&] { return rounds(i) > before + 5; })) << "peer-" << i << " stands still";
      if (i == 1 && graph == "ring") continue;  // no neighbour of peer-3
      EXPECT_THAT(peers[static_cast<std::size_t>(i)]->err_so_far(), HasSubstr("without it"));
    }
    for (int i = 0; i < 3; ++i) peers[static_cast<std::size_t>(i)]->signal(SIGTERM);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(peers[static_cast<std::size_t>(i)]->wait().exit_code, 0);
  }
}

TEST_F(EndToEnd, APeerThatIsDoneAndWaitsIsIdleAndHasNoTimeLimit) {
  const std::string file = write("small.toml", std::string(kSmallSwarm));
  Program swarm("parley",
                {"swarm", file, "--keep", "--run-dir", run_directory("kept"), "--set", "daemon.drain_timeout=100ms",
                 "--set", "swarm.max_seconds=3"},
                environment());
  const auto result = scratch / "kept" / "peer-0" / "result.json";
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(result); }));
  const auto uptime = [&] {
    const json status = json::parse(parley({"status", "peer-0", "--json"}).out, nullptr, false);
    return status.is_object() ? status.value("uptime_seconds", 0.0) : -1.0;
  };
  // Past every deadline that could still be heeded.
  ASSERT_TRUE(eventually([&] { return uptime() > 4; }));
  const json status = json::parse(parley({"status", "peer-0", "--json"}).out);
  EXPECT_EQ(status.at("state"), "done");
  // It turns its loop once a second; a loop that spun would use most of the time since.
  std::ifstream stat("/proc/" + std::to_string(status.at("pid").get<int>()) + "/schedstat");
  std::uint64_t before = 0, after = 0;
  ASSERT_TRUE(stat >> before);
  const double from = uptime();
  ASSERT_TRUE(eventually([&] { return uptime() > from + 1; }));
  std::ifstream again("/proc/" + std::to_string(status.at("pid").get<int>()) + "/schedstat");
  ASSERT_TRUE(again >> after);
  EXPECT_LT(static_cast<double>(after - before) * 1e-9, 0.2);
  swarm.signal(SIGINT);
  EXPECT_EQ(swarm.wait().exit_code, 0);
}

TEST_F(EndToEnd, WhenADaemonDiesTheOthersKeepTheirResults) {
  const std::string file = write("small.toml", std::string(kSmallSwarm));
  Program swarm("parley",
                {"swarm", file, "--run-dir", run_directory("lost"), "--set", "swarm.rounds=100000000", "--set",
                 "daemon.drain_timeout=2s"},
                environment());
  const auto status_of = [&](const std::string& peer) {
    return json::parse(parley({"status", peer, "--json"}).out, nullptr, false);
  };
  ASSERT_TRUE(eventually([&] { return rounds_of(parley({"status", "peer-1", "--json"})) > 3; }));
  kill(status_of("peer-1").at("pid").get<int>(), SIGKILL);
  EXPECT_EQ(swarm.wait().exit_code, 1);
  for (const char* peer : {"peer-0", "peer-2", "peer-3"}) {
    EXPECT_TRUE(std::filesystem::exists(scratch / "lost" / peer / "model.safetensors")) << peer;
    EXPECT_TRUE(std::filesystem::exists(scratch / "lost" / peer / "result.json")) << peer;
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

}  // namespace
}  // namespace parley::daemon
