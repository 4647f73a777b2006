// The commands that talk to daemons, through the command line and real sockets.
#include "daemon/commands/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <sstream>

#include "daemon/command_line.h"
#include "daemon/report.h"
#include "daemon/runtime_directory.h"
#include "scratch_directory.h"
#include "served_peer.h"

namespace parley::daemon {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Commands : public testing::Test {
 protected:
  struct Outcome {
    int code = 0;
    std::string out, error;
  };

  /// Runs `parley ARGUMENTS` in this process, with the exit codes of guarded_main.
  Outcome parley(std::vector<const char*> arguments) {
    constexpr Command kCommands[] = {{"status", add_status_command}, {"stop", add_stop_command}};
    std::ostringstream out;
    CommandContext context{.environment = {{"PARLEY_RUNTIME_DIR", scratch_.path().string()}}, .out = out};
    arguments.insert(arguments.begin(), "parley");
    testing::internal::CaptureStderr();
    const int code = guarded_main("parley", [&] {
      return run_command_line(static_cast<int>(arguments.size()), arguments.data(), kCommands, context);
    });
    return {code, out.str(), testing::internal::GetCapturedStderr()};
  }

  ControlServer::Answer answers(const std::string& name) {
    return [this, name](const wire::ControlAsk& ask) -> wire::ControlAnswer {
      if (std::holds_alternative<wire::AskStop>(ask)) return ++stops_, wire::ControlDone{};
      wire::PeerStatus status;
      status.name = name;
      status.swarm = "s";
      status.state = state_;
      return status;
    };
  }
  std::string endpoint(const std::string& name) const { return control_endpoint(scratch_.path(), "s", name); }

  ScratchDirectory scratch_;
  std::atomic<wire::PeerState> state_ = wire::PeerState::training;
  std::atomic<int> stops_ = 0;
};

TEST_F(Commands, StatusWithoutNamesFindsAllPeersOfTheMachine) {
  ServedPeer a(endpoint("a"), answers("a")), b(endpoint("b"), answers("b"));
  const Outcome text = parley({"status"});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, AllOf(HasSubstr("a  "), HasSubstr("b  "), HasSubstr("training")));
  const Json all = Json::parse(parley({"status", "--json"}).out);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["name"], "a");
  EXPECT_EQ(all[1]["name"], "b");
}

TEST_F(Commands, StatusOfOneNamedPeerIsOneObject) {
  ServedPeer a(endpoint("a"), answers("a")), b(endpoint("b"), answers("b"));
  const Json b_only = Json::parse(parley({"status", "b", "--json"}).out);
  EXPECT_EQ(b_only["name"], "b");
  EXPECT_EQ(b_only["swarm"], "s");
  EXPECT_EQ(Json::parse(parley({"status", "a", "b", "--json"}).out).size(), 2U);
}

TEST_F(Commands, StatusFailsIfNobodyOrNotEverybodyAnswers) {
  const Outcome nobody = parley({"status"});
  EXPECT_EQ(nobody.code, 1);
  EXPECT_THAT(nobody.error, AllOf(HasSubstr("no daemon is running here"), HasSubstr(scratch_.path().string())));
  EXPECT_EQ(parley({"status", "a"}).code, 1);

  ServedPeer a(endpoint("a"), answers("a"));
  const Outcome one = parley({"status", endpoint("a").c_str(), endpoint("b").c_str()});
  EXPECT_EQ(one.code, 1);
  EXPECT_THAT(one.out, HasSubstr("training"));
  EXPECT_THAT(one.error, HasSubstr("no daemon answers at " + endpoint("b")));
}

TEST_F(Commands, AHealthCheckPrintsNothingAndFailsForAFailedPeer) {
  EXPECT_EQ(parley({"status", "--quiet"}).code, 1);
  EXPECT_EQ(parley({"status", "--quiet", "a"}).code, 1);
  ServedPeer a(endpoint("a"), answers("a"));
  const Outcome well = parley({"status", "--quiet"});
  EXPECT_EQ(well.code, 0);
  EXPECT_EQ(well.out + well.error, "");
  state_ = wire::PeerState::failed;
  const Outcome failed = parley({"status", "--quiet"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_EQ(failed.out + failed.error, "");
}

TEST_F(Commands, StopAsksAndWaitsUntilThePeerIsGone) {
  ServedPeer a(endpoint("a"), answers("a"));
  std::thread ends_when_asked([&] {
    while (stops_ == 0) std::this_thread::yield();
    a.stop();
  });
  const Outcome stopped = parley({"stop", "a"});
  ends_when_asked.join();
  EXPECT_EQ(stopped.code, 0) << stopped.error;
  EXPECT_THAT(stopped.out, HasSubstr(endpoint("a") + ": stopped"));
  EXPECT_EQ(stops_, 1);
}

TEST_F(Commands, StopSaysSoIfAPeerDoesNotEnd) {
  ServedPeer a(endpoint("a"), answers("a"));
  const Outcome still_there = parley({"stop", "a", "--timeout", "0.05"});
  EXPECT_EQ(still_there.code, 1);
  EXPECT_THAT(still_there.error, AllOf(HasSubstr(endpoint("a")), HasSubstr("within 0.05 s")));
  EXPECT_EQ(parley({"stop", "nobody"}).code, 1);
  EXPECT_EQ(parley({"stop"}).code, 2) << "whom?";
}

}  // namespace
}  // namespace parley::daemon
