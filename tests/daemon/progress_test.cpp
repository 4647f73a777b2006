#include "daemon/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "daemon/status_table.h"

namespace parley::daemon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

wire::PeerStatus peer(std::uint64_t round, double loss, double accuracy, double distance) {
  wire::PeerStatus status;
  status.name = "peer";
  status.state = wire::PeerState::training;
  status.round = round;
  status.rounds = 100;
  status.loss = loss;
  status.test_accuracy = accuracy;
  status.consensus_distance = distance;
  status.sent = {1000, 100, 10, 1};
  return status;
}

/// What a Progress writes to a stream.
class Recorded {
 public:
  Recorded() : stream_(::open_memstream(&text_, &size_)) {}
  ~Recorded() {
    std::fclose(stream_);
    std::free(text_);
  }
  Recorded(const Recorded&) = delete;
  Recorded& operator=(const Recorded&) = delete;
  std::FILE* stream() { return stream_; }
  std::string text() {
    std::fflush(stream_);
    return {text_, size_};
  }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* stream_;
};

TEST(SwarmProgress, IsTheSlowestRoundTheWorstAccuracyAndTheLargestDistance) {
  const std::vector<wire::PeerStatus> peers = {peer(12, 0.5, 0.9, 0.25), peer(10, 0.25, 0.8, 0.5),
                                               peer(11, wire::kUnknown, wire::kUnknown, wire::kUnknown)};
  const SwarmProgress all = summarise(peers, 4);
  EXPECT_EQ(all.peers, 4U);
  EXPECT_EQ(all.ready, 3U);
  EXPECT_EQ(all.round, 10U);
  EXPECT_EQ(all.rounds, 100U);
  EXPECT_EQ(all.loss, 0.375);  // exact: the mean of the two that are known
  EXPECT_EQ(all.worst_accuracy, 0.8);
  EXPECT_DOUBLE_EQ(all.mean_accuracy, 0.85);
  EXPECT_EQ(all.consensus_distance, 0.5);
  EXPECT_EQ(all.sent_bytes, 3 * 1111U);
}

TEST(SwarmProgress, OfNobodyIsAStart) {
  EXPECT_EQ(progress_line(summarise({}, 8)), "starting: 0 of 8 peers ready");
}

TEST(ProgressLine, SaysWhatIsKnownAndNothingElse) {
  SwarmProgress known = summarise(std::vector{peer(25, 0.5, 0.9, 0.25)}, 1);
  known.rounds_per_second = 5;
  EXPECT_THAT(progress_line(known), AllOf(HasSubstr("round 25/100"), HasSubstr("5 rounds/s"), HasSubstr("loss 0.5"),
                                          HasSubstr("90.00 % worst"), HasSubstr("consensus 0.25"),
                                          HasSubstr("0:15 left")));  // 75 rounds at 5 a second
  const SwarmProgress unknown = summarise(std::vector{peer(25, wire::kUnknown, wire::kUnknown, wire::kUnknown)}, 1);
  EXPECT_THAT(progress_line(unknown),
              AllOf(Not(HasSubstr("loss")), Not(HasSubstr("accuracy")), Not(HasSubstr("nan")), Not(HasSubstr("left"))));
}

TEST(ProgressLine, ClocksHaveHoursOnlyWhenTheyNeedThem) {
  EXPECT_EQ(clock_text(0), "0:00");
  EXPECT_EQ(clock_text(59.9), "0:59");
  EXPECT_EQ(clock_text(754), "12:34");
  EXPECT_EQ(clock_text(3723), "1:02:03");
  EXPECT_EQ(clock_text(-1), "0:00");
}

TEST(Progress, WithoutATerminalThereIsOnePlainLinePerInterval) {
  Recorded recorded;
  {
    Progress progress(recorded.stream(), 0);
    for (int tenth = 0; tenth < 250; ++tenth) {  // 25 seconds: lines at 0, 10 and 20
      SwarmProgress now = summarise(std::vector{peer(static_cast<std::uint64_t>(tenth), 0.5, 0.9, 0.25)}, 1);
      now.seconds = tenth / 10.0;
      progress.show(now);
    }
  }
  const std::string text = recorded.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_THAT(text, AllOf(HasSubstr("0:10  round 100"), HasSubstr("10 rounds/s"), Not(HasSubstr("\x1b"))));
}

TEST(Progress, OnATerminalOneLineIsUpdatedAndFitsIntoIt) {
  constexpr std::size_t kWidth = 40;
  Recorded recorded;
  {
    Progress progress(recorded.stream(), kWidth);
    for (int i = 0; i < 3; ++i) progress.show(summarise(std::vector{peer(7, 0.5, 0.9, 0.25)}, 1));
    progress.say("over");
  }
  const std::string text = recorded.text();
  const std::string clear = "\r\x1b[K";
  std::size_t lines = 0;
  for (std::size_t at = text.find(clear); at != std::string::npos; at = text.find(clear, at + 1)) {
    const std::size_t begin = at + clear.size();
    EXPECT_LT(text.find_first_of("\r\n", begin) - begin, kWidth);
    ++lines;
  }
  EXPECT_EQ(lines, 3U);
  EXPECT_TRUE(text.ends_with("\nover\n"));
}

TEST(StatusText, HasARowPerPeerAndPerLinkAndSaysForWhomAPeerWaits) {
  wire::PeerStatus waiting = peer(7, 0.5, 0.9, 0.25);
  waiting.name = "peer-4";
  waiting.waiting_for = {"peer-3", "peer-5"};
  waiting.waiting_seconds = 1.25;
  waiting.seconds = {3, 1, 0, 0, 0};
  wire::NeighbourStatus neighbour;
  neighbour.name = "peer-3";
  neighbour.state = wire::LinkState::suspect;
  waiting.neighbours = {neighbour};
  EXPECT_THAT(status_text(std::vector{waiting}, 200),
              AllOf(HasSubstr("peer-4"), HasSubstr("7/100"), HasSubstr("90.00%"), HasSubstr("75/25/0/0/0"),
                    HasSubstr("waits 1.2 s for peer-3, peer-5"), HasSubstr("suspect")));
  EXPECT_THAT(result_text(std::vector{waiting}, 200), AllOf(HasSubstr("peer-4"), HasSubstr("90.00%")));
}

TEST(StatusText, TheRoundOfANeighbourThatWasNeverHeardIsUnknown) {
  wire::PeerStatus asked = peer(7, 0.5, 0.9, 0.25);
  wire::NeighbourStatus silent, heard;
  silent.weight = heard.weight = 0.5;
  heard.round = 6;
  heard.round_lag = 1;
  asked.neighbours = {silent};
  EXPECT_THAT(status_text(std::vector{asked}, 200), testing::ContainsRegex("greeting +0.5 +- +- "));
  asked.neighbours = {heard};
  EXPECT_THAT(status_text(std::vector{asked}, 200), testing::ContainsRegex("greeting +0.5 +6 +1 "));
}

}  // namespace
}  // namespace parley::daemon
