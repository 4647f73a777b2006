// The launcher with real processes: fake_swarm runs fake_peers as `parley swarm` runs daemons.
#include "daemon/swarm.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "daemon/config.h"
#include "daemon/port_reservation.h"
#include "daemon/process.h"
#include "daemon/run_directory.h"
#include "daemon/swarm_plan.h"
#include "eventually.h"
#include "scratch_directory.h"

namespace parley::daemon {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A launcher under test: its outputs are files, its peers leave their process ids.
class Launcher {
 public:
  Launcher(int drain_ms, int rounds, std::vector<std::string> behaviours)
      : behaviours_(std::move(behaviours)), process_(command(drain_ms, rounds), scratch_ / "err") {}

  fs::path run() const { return scratch_ / "run"; }
  ChildProcess& process() { return process_; }
  std::string errors() const { return text_of(scratch_ / "err"); }
  Json document() const { return Json::parse(text_of(scratch_ / "out")); }
  /// Starts a second launcher of the same swarm.
  ChildProcess again(const std::string& output) const { return {command(1000, 0), scratch_ / output}; }
  fs::path file(const std::string& name) const { return scratch_ / name; }

  std::vector<pid_t> pids() const {
    std::vector<pid_t> pids;
    for (std::size_t i = 0; i < behaviours_.size(); ++i) {
      pid_t pid = 0;
      if (std::ifstream(run() / fmt::format("peer-{}", i) / "pid") >> pid) pids.push_back(pid);
    }
    return pids;
  }
  bool all_ready() const {
    for (std::size_t i = 0; i < behaviours_.size(); ++i)
      if (!fs::exists(run() / fmt::format("peer-{}", i) / "ready")) return false;
    return true;
  }

 private:
  std::vector<std::string> command(int drain_ms, int rounds) const {
    std::vector<std::string> arguments = {"/bin/sh",
                                          "-c",
                                          "exec \"$@\" > \"$0\"",
                                          (scratch_ / "out").string(),
                                          program_beside_this("fake_swarm").string(),
                                          run().string(),
                                          std::to_string(drain_ms),
                                          std::to_string(rounds)};
    arguments.insert(arguments.end(), behaviours_.begin(), behaviours_.end());
    return arguments;
  }

  ScratchDirectory scratch_;
  std::vector<std::string> behaviours_;
  ChildProcess process_;
};

/// Ended: gone, or dead and not yet collected by whoever has adopted it.
bool has_ended(pid_t pid) {
  const std::string stat = text_of(fmt::format("/proc/{}/stat", pid));
  const std::size_t name_end = stat.rfind(") ");
  return name_end == std::string::npos || stat[name_end + 2] == 'Z' || stat[name_end + 2] == 'X';
}

void expect_all_ended(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) EXPECT_TRUE(eventually([&] { return has_ended(pid); })) << pid;
}

constexpr int kForever = 3600 * 1000;

TEST(Swarm, EndsWhenAllPeersAreDoneAndPrintsOneDocument) {
  Launcher launcher(kForever, 5, {"good", "good", "good"});
  const ExitStatus exit = launcher.process().wait();
  EXPECT_TRUE(exit.clean()) << exit.text() << launcher.errors();
  const Json document = launcher.document();
  const auto keys = [](const Json& object) {
    std::vector<std::string> names;
    for (const auto& [name, value] : object.items()) names.push_back(name);
    return names;
  };
  EXPECT_THAT(keys(document), ElementsAre("config_hash", "rounds", "seconds", "peers"));
  EXPECT_EQ(document["config_hash"], "00000000000000aa");
  EXPECT_EQ(document["rounds"], 5);
  EXPECT_GT(document["seconds"].get<double>(), 0);
  ASSERT_EQ(document["peers"].size(), 3U);
  for (int i = 0; i < 3; ++i) {
    const Json& peer = document["peers"][static_cast<std::size_t>(i)];
    EXPECT_THAT(keys(peer), ElementsAre("name", "round", "model_hash", "train_loss", "test_loss", "test_accuracy",
                                        "consensus_distance", "bytes", "seconds", "max_rss_bytes"));
    EXPECT_EQ(peer["name"], fmt::format("peer-{}", i));
    EXPECT_EQ(peer["round"], 5);
    EXPECT_TRUE(peer["train_loss"].is_null()) << "not known to a fake peer";
    EXPECT_EQ(peer["test_accuracy"], 0.25);
    EXPECT_THAT(keys(peer["bytes"]), ElementsAre("sent", "received"));
    EXPECT_THAT(keys(peer["bytes"]["sent"]), ElementsAre("payload", "header", "control", "resend"));
    EXPECT_THAT(keys(peer["bytes"]["received"]), ElementsAre("payload", "header", "control", "resend"));
    EXPECT_THAT(keys(peer["seconds"]), ElementsAre("compute", "encode", "wait", "decode", "mix"));
  }
}

TEST(Swarm, CtrlCLetsEveryPeerFinishAndLeavesNoneBehind) {
  Launcher launcher(kForever, 0, {"good", "good", "good"});
  ASSERT_TRUE(eventually([&] { return launcher.all_ready(); }));
  ::kill(launcher.process().pid(), SIGINT);
  const ExitStatus exit = launcher.process().wait();
  EXPECT_TRUE(exit.clean()) << exit.text() << launcher.errors();
  ASSERT_EQ(launcher.pids().size(), 3U);
  expect_all_ended(launcher.pids());
  EXPECT_EQ(launcher.document()["peers"].size(), 3U);
}

TEST(Swarm, ASecondCtrlCKills) {
  Launcher launcher(kForever, 0, {"good", "stubborn"});
  ASSERT_TRUE(eventually([&] { return launcher.all_ready(); }));
  ::kill(launcher.process().pid(), SIGINT);
  // The first must have been taken before the second comes, or the kernel merges them.
  ASSERT_TRUE(eventually([&] { return launcher.errors().find("stopping") != std::string::npos; }));
  ::kill(launcher.process().pid(), SIGINT);
  EXPECT_EQ(launcher.process().wait().code, 1);
  ASSERT_EQ(launcher.pids().size(), 2U);
  expect_all_ended(launcher.pids());
}

TEST(Swarm, APeerThatDoesNotDrainInTimeIsKilledAndNamed) {
  Launcher launcher(50, 0, {"good", "stubborn"});
  ASSERT_TRUE(eventually([&] { return launcher.all_ready(); }));
  ::kill(launcher.process().pid(), SIGTERM);
  EXPECT_EQ(launcher.process().wait().code, 1);
  EXPECT_THAT(launcher.errors(), HasSubstr("not ended in time, killed: peer-1"));
  ASSERT_EQ(launcher.pids().size(), 2U);
  expect_all_ended(launcher.pids());
}

TEST(Swarm, APeerThatDiesStopsTheOthersAndTheEndOfItsLogIsShown) {
  Launcher launcher(kForever, 0, {"good", "die", "good"});
  EXPECT_EQ(launcher.process().wait().code, 1);
  EXPECT_THAT(launcher.errors(),
              AllOf(HasSubstr("error: peer-1 exited with code 1"), HasSubstr("peer-1/log.txt"),
                    HasSubstr("    log line 30\n    error: the data is gone\n"), Not(HasSubstr("log line 10\n"))));
  ASSERT_EQ(launcher.pids().size(), 3U);
  expect_all_ended(launcher.pids());
}

TEST(Swarm, TheExitCodeOfAPeerThatRefusedItsConfigurationIsPassedOn) {
  Launcher launcher(kForever, 0, {"good", "refuse"});
  EXPECT_EQ(launcher.process().wait().code, 2);
  EXPECT_THAT(launcher.errors(), HasSubstr("peer-1 exited with code 2"));
}

TEST(Swarm, APeerWithoutAResultIsAFailure) {
  Launcher launcher(kForever, 3, {"good", "mute"});
  EXPECT_EQ(launcher.process().wait().code, 1);
  EXPECT_THAT(launcher.errors(), AllOf(HasSubstr("peer-1 ended without a result"), HasSubstr("result.json")));
}

TEST(Swarm, PeersDieWithALauncherThatIsKilled) {
  Launcher launcher(kForever, 0, {"good", "stubborn"});
  ASSERT_TRUE(eventually([&] { return launcher.all_ready(); }));
  ASSERT_EQ(launcher.pids().size(), 2U);
  ::kill(launcher.process().pid(), SIGKILL);
  EXPECT_EQ(launcher.process().wait().signal, SIGKILL);
  expect_all_ended(launcher.pids());
}

TEST(Swarm, ASwarmThatIsRunningIsNotStartedASecondTime) {
  Launcher launcher(kForever, 0, {"good"});
  ASSERT_TRUE(eventually([&] { return launcher.all_ready(); }));
  ChildProcess second = launcher.again("second");
  EXPECT_EQ(second.wait().code, 2);
  EXPECT_THAT(text_of(launcher.file("second")), AllOf(HasSubstr("already running"), HasSubstr("parley stop fake")));
  EXPECT_FALSE(launcher.process().poll()) << "the first goes on";
  launcher.process().terminate();
  EXPECT_TRUE(launcher.process().wait().clean());
}

TEST(ChildProcess, AProgramThatIsNotThereIsNamed) {
  const ScratchDirectory scratch;
  try {
    const ChildProcess child({"/nowhere/parleyd"}, scratch / "log");
    FAIL() << "started";
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("/nowhere/parleyd"), HasSubstr("No such file")));
  }
}

TEST(ChildProcess, SaysHowItEnded) {
  const ScratchDirectory scratch;
  ChildProcess by_code({"/bin/sh", "-c", "echo out; echo err >&2; exit 7"}, scratch / "log");
  EXPECT_EQ(by_code.wait().text(), "exited with code 7");
  EXPECT_EQ(text_of(scratch / "log"), "out\nerr\n");
  ChildProcess by_signal({"/bin/sh", "-c", "kill -9 $$"}, scratch / "log");
  EXPECT_EQ(by_signal.wait().text(), "was killed by signal 9 (Killed)");
}

TEST(ChildProcess, TheDestructorEndsIt) {
  const ScratchDirectory scratch;
  pid_t pid = 0;
  {
    const ChildProcess child({"/bin/cat", "/dev/zero"}, "/dev/null");
    pid = child.pid();
    EXPECT_FALSE(has_ended(pid));
  }
  EXPECT_TRUE(has_ended(pid));
}

TEST(LastLines, AreMadePresentableAndAreNoMoreThanAsked) {
  const ScratchDirectory scratch;
  std::ofstream(scratch / "log") << "one\ntwo\n\x1b[31mthree\xff";
  EXPECT_THAT(last_lines(scratch / "log", 2), ElementsAre("two", "?[31mthree?"));
  EXPECT_THAT(last_lines(scratch / "log", 9), testing::SizeIs(3));
  EXPECT_THAT(last_lines(scratch / "none", 9), ElementsAre());
}

/// A socket as a daemon's: with SO_REUSEADDR, listening. Negative errno if it cannot be.
int listen_on(std::uint16_t port, Descriptor& socket) {
  socket = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return -errno;
  return ::listen(socket.get(), 1) == 0 ? 0 : -errno;
}

TEST(PortReservation, GivesNoPortTwiceWhileItLivesAndStillLetsADaemonListen) {
  constexpr std::size_t kCount = 8;
  const PortReservation first(kCount), second(kCount);
  const bool apart = first.first() + kCount <= second.first() || second.first() + kCount <= first.first();
  EXPECT_TRUE(apart) << first.first() << " and " << second.first();
  for (std::size_t i = 0; i < kCount; ++i) {
    Descriptor daemon;
    EXPECT_EQ(listen_on(static_cast<std::uint16_t>(first.first() + i), daemon), 0);
    Descriptor other;
    EXPECT_EQ(listen_on(static_cast<std::uint16_t>(first.first() + i), other), -EADDRINUSE);
  }
}

TEST(PortReservation, StepsOverPortsOnWhichSomeoneListens) {
  std::uint16_t start = 0;
  {
    start = PortReservation(4).first();
  }
  Descriptor occupied;
  ASSERT_EQ(listen_on(static_cast<std::uint16_t>(start + 2), occupied), 0);
  const PortReservation reservation(4);
  EXPECT_TRUE(reservation.first() + 3 < start + 2 || reservation.first() > start + 2) << reservation.first();
}

TEST(RunDirectory, IsNewEachTimeAndTheLatestIsLinked) {
  const ScratchDirectory scratch;
  const fs::path first = make_dated_run_directory(scratch / "runs", "s");
  const fs::path second = make_dated_run_directory(scratch / "runs", "s");
  EXPECT_NE(first, second);
  EXPECT_TRUE(fs::is_directory(first));
  EXPECT_TRUE(fs::equivalent(scratch / "runs" / "latest", second));
}

TEST(RunDirectory, ResultsOfAnEarlierRunAreRemoved) {
  const ScratchDirectory scratch;
  prepare_run_directory(scratch / "run", std::vector<std::string>{"a"});
  std::ofstream(scratch / "run" / "a" / "result.json") << "{}";
  prepare_run_directory(scratch / "run", std::vector<std::string>{"a"});
  EXPECT_FALSE(fs::exists(scratch / "run" / "a" / "result.json"));
}

PreparedSwarm prepared(const ScratchDirectory& scratch, const std::string& toml,
                       const std::vector<std::string>& overrides = {}) {
  return prepare_swarm(parse_config(toml, "swarm.toml", overrides, {}), {.overrides = overrides,
                                                                         .directory = scratch / "run",
                                                                         .parleyd = "/bin/parleyd",
                                                                         .runtime_directory = scratch / "sockets"});
}

TEST(SwarmPlan, EveryPeerGetsTheOperatorsOverridesAndThenTheSwarms) {
  const ScratchDirectory scratch;
  const auto swarm = prepared(scratch, "[swarm]\nname = \"s\"\npeers = 3\nrounds = 9\n", {"swarm.rounds=4"});
  ASSERT_TRUE(swarm.ports.has_value());
  ASSERT_EQ(swarm.plan.peers.size(), 3U);
  const SwarmPeer& peer = swarm.plan.peers[1];
  EXPECT_EQ(peer.name, "peer-1");
  EXPECT_EQ(peer.control_endpoint, fmt::format("ipc://{}/sockets/s.peer-1.sock", scratch.path().string()));
  EXPECT_THAT(peer.arguments,
              ElementsAre("/bin/parleyd", "--config", "swarm.toml", "--peer", "peer-1", "--set", "swarm.rounds=4",
                          "--set", fmt::format("swarm.base_port={}", swarm.ports->first()), "--set",
                          fmt::format("metrics.run_dir={}/run", scratch.path().string()), "--set",
                          "swarm.when_done=exit", "--set", "control.endpoint=" + peer.control_endpoint));
  EXPECT_TRUE(fs::is_directory(scratch / "run" / "peer-1"));
}

TEST(SwarmPlan, ADaemonUnderstandsWhatItIsGiven) {
  const ScratchDirectory scratch;
  const std::string toml = "[swarm]\nname = \"s\"\npeers = 3\nwhen_done = \"wait\"\n";
  const auto swarm = prepared(scratch, toml);
  const SwarmPeer& peer = swarm.plan.peers[2];
  std::vector<std::string> overrides;
  for (std::size_t i = 0; i + 1 < peer.arguments.size(); ++i)
    if (peer.arguments[i] == "--set") overrides.push_back(peer.arguments[i + 1]);
  const Config config = parse_config(toml, "swarm.toml", overrides, {});
  EXPECT_EQ(config.roster[2].listen, fmt::format("tcp://127.0.0.1:{}", swarm.ports->first() + 2));
  EXPECT_EQ(config.metrics.run_dir, (scratch / "run").string());
  EXPECT_EQ(config.control.endpoint, peer.control_endpoint);
  EXPECT_EQ(config.swarm.when_done, WhenDone::exit);
  EXPECT_EQ(config_hash(config), swarm.plan.config_hash) << "what the launcher adds is no matter of agreement";
}

TEST(SwarmPlan, PortsAreOnlyTakenIfTheOperatorLeftThemOpen) {
  const ScratchDirectory scratch;
  EXPECT_FALSE(prepared(scratch, "[swarm]\nname = \"s\"\npeers = 2\nbase_port = 9100\n").ports);
  EXPECT_FALSE(prepared(scratch,
                        "[swarm]\nname = \"s\"\n[[peer]]\nname = \"a\"\naddress = \"tcp://127.0.0.1:9100\"\n"
                        "[[peer]]\nname = \"b\"\naddress = \"tcp://127.0.0.1:9300\"\n")
                   .ports);
}

TEST(SwarmPlan, PeersOnOtherMachinesAreRefusedWithTheWayToStartThem) {
  const ScratchDirectory scratch;
  try {
    prepared(scratch,
             "[swarm]\nname = \"s\"\n[security]\ninsecure = true\n[[peer]]\nname = \"a\"\n"
             "address = \"tcp://192.0.2.1:7100\"\n[[peer]]\nname = \"b\"\naddress = \"tcp://192.0.2.2:7100\"\n");
    FAIL() << "accepted";
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("192.0.2.1"), HasSubstr("--peer a")));
  }
}

}  // namespace
}  // namespace parley::daemon
