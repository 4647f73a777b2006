// The control socket's own thread: it answers while nobody turns the loop, and hands requests to stop to the loop.
#include "daemon/control_thread.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <string>

#include "daemon/control_client.h"
#include "daemon/runtime_directory.h"
#include "scratch_directory.h"

namespace parley::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 20s;  // far beyond what any of this takes

wire::PeerStatus status_in_round(std::uint64_t round) {
  wire::PeerStatus status;
  status.name = "peer-1";
  status.swarm = "test";
  status.state = wire::PeerState::training;
  status.round = round;
  return status;
}

class ControlThreadTest : public testing::Test {
 protected:
  base::Result<wire::PeerStatus> ask() { return status_in(client_.ask(endpoint_, wire::AskStatus{}, kPatience)); }

  ScratchDirectory scratch_;
  const std::string endpoint_ = control_endpoint(scratch_.path(), "s", "p");
  ControlClient client_;
};

TEST_F(ControlThreadTest, TellsWhatWasPublishedLastWithoutTheLoopsHelp) {
  ControlThread control(endpoint_, status_in_round(0));
  EXPECT_EQ(ask()->round, 0U);
  for (const std::uint64_t round : {7U, 8U}) {
    control.publish(status_in_round(round));
    EXPECT_EQ(ask()->round, round);
  }
}

TEST_F(ControlThreadTest, CountsTheTimesInAStatusOn) {
  wire::PeerStatus status = status_in_round(3);
  status.uptime_seconds = 100;
  status.neighbours.resize(2);
  status.neighbours[0].last_heard_seconds = 50;
  ControlThread control(endpoint_, status);
  const auto first = ask();
  const auto second = ask();
  EXPECT_GE(first->uptime_seconds, 100);
  EXPECT_GT(second->uptime_seconds, first->uptime_seconds);
  EXPECT_GT(second->neighbours[0].last_heard_seconds, first->neighbours[0].last_heard_seconds);
  EXPECT_NEAR(second->neighbours[0].last_heard_seconds - 50, second->uptime_seconds - 100, 1e-9);
  EXPECT_TRUE(std::isnan(second->neighbours[1].last_heard_seconds));
  EXPECT_EQ(second->waiting_seconds, 0);  // it waits for nobody

  status.waiting_for = {"peer-2"};
  status.waiting_seconds = 5;
  control.publish(status);
  EXPECT_GT(ask()->waiting_seconds, 5);
}

TEST_F(ControlThreadTest, WakesTheLoopOnceForAnyNumberOfRequestsToStop) {
  ControlThread control(endpoint_, status_in_round(0));
  EXPECT_FALSE(control.take_stop());
  for (int i = 0; i < 3; ++i) {
    const auto answer = client_.ask(endpoint_, wire::AskStop{}, kPatience);
    ASSERT_TRUE(answer.ok());
    EXPECT_TRUE(std::holds_alternative<wire::ControlDone>(*answer));
  }
  pollfd item{control.descriptor(), POLLIN, 0};
  EXPECT_EQ(poll(&item, 1, 0), 1);
  EXPECT_TRUE(control.take_stop());
  EXPECT_FALSE(control.take_stop());
}

TEST_F(ControlThreadTest, SaysAtOnceThatItCannotBind) {
  const ControlThread first(endpoint_, status_in_round(0));
  EXPECT_THROW(ControlThread(endpoint_, status_in_round(0)), base::OperatorError);
}

TEST_F(ControlThreadTest, LeavesNoSocketBehind) {
  {
    const ControlThread control(endpoint_, status_in_round(0));
  }
  EXPECT_FALSE(std::filesystem::exists(socket_path(endpoint_)));
}

}  // namespace
}  // namespace parley::daemon
