#include "topology/schedules/timed_edges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"
#include "contract.h"
#include "topology/schedule.h"

namespace parley::topology {
namespace {

using testing::HasSubstr;

std::vector<TimedEdge> read(std::string_view text, bool directed = false) {
  return read_timed_edges(text, 5, directed, "t.csv");
}

/// What the operator is told; empty if the text is accepted.
std::string refusal(std::string_view text, bool directed = false) {
  try {
    read(text, directed);
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  return "";
}

TEST(TimedEdges, AreReadInAscendingOrderWithTheirRoundsSpelledOut) {
  EXPECT_EQ(read("# who meets\r\n\n 7 , 4 ,\t1\r\n2-4,0,1\n3,1,2"),
            (std::vector<TimedEdge>{{2, 0, 1}, {3, 0, 1}, {3, 1, 2}, {4, 0, 1}, {7, 1, 4}}));
  EXPECT_EQ(read("1,3,2\n1,2,3\n", true), (std::vector<TimedEdge>{{1, 2, 3}, {1, 3, 2}}));
  EXPECT_TRUE(read("").empty());
}

TEST(TimedEdges, ThatMakeNoSenseAreRefusedWithTheirLine) {
  EXPECT_THAT(refusal("0,0,1\n0,1"), HasSubstr("t.csv:2: expected a round or rounds and two peers"));
  EXPECT_THAT(refusal("0,1,2,3"), HasSubstr("t.csv:1: expected"));
  EXPECT_THAT(refusal("x,1,2"), HasSubstr("t.csv:1: expected"));
  EXPECT_THAT(refusal("-1,1,2"), HasSubstr("t.csv:1: expected"));
  EXPECT_THAT(refusal("0,1,\x1b[2J"), HasSubstr("found \"0,1,?[2J\""));
  EXPECT_THAT(refusal("0,1,5"), HasSubstr("there is no peer 5: the swarm has 5 peers"));
  EXPECT_THAT(refusal("0,3,3"), HasSubstr("peer 3 is joined to itself"));
  EXPECT_THAT(refusal("5-3,0,1"), HasSubstr("rounds 5-3 end before they begin"));
  EXPECT_THAT(refusal("0-9,0,1\n3,1,2\n4,1,0"),
              HasSubstr("t.csv:3: the edge of peers 0 and 1 in round 4 is on line 1 already"));
  EXPECT_THAT(refusal("0-281474976710655,0,1"), HasSubstr("more than 50000000 edges"));
  EXPECT_THAT(refusal("281474976710656,0,1"), HasSubstr("there is no round 281474976710656"));
  EXPECT_EQ(refusal("0,1,2\n0,2,1", true), "");
  EXPECT_THAT(refusal("0,1,2\n0,2,1", false), HasSubstr("on line 1 already"));
}

TEST(TimedEdges, OfArbitraryTextAreReadOrRefused) {
  base::Random random({.seed = 3, .peer = {}, .round = {}, .stream = base::Stream::test});
  constexpr std::string_view kLetters = "0123,,,-\n\n #x\r";
  for (int trial = 0; trial < 3000; ++trial) {
    std::string text;
    for (std::uint32_t i = random.below(30); i > 0; --i) text += kLetters[random.below(kLetters.size())];
    try {
      for (const TimedEdge& edge : read(text)) EXPECT_TRUE(edge.from < edge.to && edge.to < 5) << text;
    } catch (const base::OperatorError& error) {
      EXPECT_EQ(error.place().file, "t.csv") << text;
    }
  }
}

TEST(TimedSchedule, BeginsAgainAfterItsLastRoundOrWhenItIsTold) {
  const std::string path = write_file("timed.csv", "0,0,1\n2,1,2\n");
  const auto schedule = make_schedule(fmt::format("timed(\"{}\")", path), "", 3, 0);
  EXPECT_EQ(schedule->period(), 3u);
  for (const std::uint64_t t : {0u, 3u, 300u}) EXPECT_EQ(schedule->neighbours({1}, {t}).in[0], base::PeerId{0}) << t;
  for (const std::uint64_t t : {1u, 4u}) EXPECT_TRUE(schedule->neighbours({1}, {t}).in.empty()) << t;
  for (const std::uint64_t t : {2u, 5u}) EXPECT_EQ(schedule->neighbours({1}, {t}).out[0], base::PeerId{2}) << t;
  EXPECT_EQ(make_schedule(fmt::format("timed(\"{}\", period=10)", path), "", 3, 0)->period(), 10u);
  EXPECT_THROW(make_schedule(fmt::format("timed(\"{}\", period=2)", path), "", 3, 0), base::OperatorError);
}

TEST(TimedSchedule, GoesOneWayIfToldTo) {
  const std::string path = write_file("oneway.csv", "0,0,1\n");
  const auto schedule = make_schedule(fmt::format("timed(\"{}\", edges=directed)", path), "", 2, 0);
  EXPECT_TRUE(schedule->is_directed());
  EXPECT_TRUE(schedule->neighbours({0}, {0}).in.empty());
  EXPECT_EQ(schedule->neighbours({0}, {0}).out.size(), 1u);
  EXPECT_EQ(schedule->partners({0}).size(), 1u);
}

TEST(TimedSchedule, HasAnotherFingerprintIfItsFileHasOneLineMore) {
  const std::string one = write_file("one.csv", "0,0,1\n5000,1,2\n");
  const std::string other = write_file("other.csv", "0,0,1\n5000,0,2\n");
  EXPECT_NE(make_schedule(fmt::format("timed(\"{}\")", one), "", 3, 0)->fingerprint(),
            make_schedule(fmt::format("timed(\"{}\")", other), "", 3, 0)->fingerprint());
}

}  // namespace
}  // namespace parley::topology
