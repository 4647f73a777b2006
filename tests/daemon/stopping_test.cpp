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
