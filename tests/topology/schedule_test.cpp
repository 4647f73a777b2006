#include "topology/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "topology/graph.h"

namespace parley::topology {
namespace {

using testing::HasSubstr;

/// What the operator is told; empty if the schedule is made.
std::string refusal(std::string_view schedule_spec, std::string_view graph_spec, std::size_t n) {
  try {
    make_schedule(schedule_spec, graph_spec, n, 1);
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  return "";
}

TEST(EverySchedule, IsAFunctionOfSpecSeedSizeAndRoundAlone) {
  for (const ScheduleRow& row : schedule_registry()) {
    for (const char* graph_spec : {"ring", "random-regular(3)", "erdos-renyi(0.4)"}) {
      const auto one = make_schedule(row.name, graph_spec, 16, 9);
      const auto other = make_schedule(row.name, graph_spec, 16, 9);
      // The other one is asked backwards: what was asked before must not matter.
      for (std::uint64_t t = 0; t < 20; ++t) {
        for (std::uint32_t i = 0; i < 16; ++i) {
          const auto now = one->neighbours({i}, {t}).out;
          (void)other->neighbours({15 - i}, {19 - t});
          EXPECT_EQ(now, other->neighbours({i}, {t}).out);
        }
      }
    }
  }
}

TEST(EverySchedule, HasNeighboursThatAgreeFromBothEnds) {
  for (const ScheduleRow& row : schedule_registry()) {
    const auto schedule = make_schedule(row.name, "erdos-renyi(0.3)", 25, 2);
    for (std::uint64_t t = 0; t < 30; ++t) {
      for (std::uint32_t i = 0; i < 25; ++i) {
        const auto mine = schedule->neighbours({i}, {t}).out;
        EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
        for (const base::PeerId j : mine) {
          EXPECT_NE(j.value, i);
          EXPECT_THAT(schedule->neighbours(j, {t}).out, testing::Contains(base::PeerId{i}));
        }
      }
    }
  }
}

TEST(EverySchedule, HasACanonicalSpecThatIsAFixedPoint) {
  for (const ScheduleRow& row : schedule_registry()) {
    const std::string canonical = canonical_schedule_spec(row.name);
    EXPECT_EQ(canonical_schedule_spec(canonical), canonical);
    EXPECT_EQ(make_schedule(row.name, "ring", 4, 0)->spec(), canonical);
  }
}

TEST(Schedule, ThatDoesNotFitIsRefused) {
  EXPECT_THAT(refusal("sttaic", "ring", 4), HasSubstr("did you mean \"static\"?"));
  EXPECT_THAT(refusal("static(3)", "ring", 4), HasSubstr("at most 0 arguments"));
  EXPECT_THAT(refusal("static", "rign", 4), HasSubstr("did you mean \"ring\"?"));
  EXPECT_THAT(refusal("static", "hypercube", 5), HasSubstr("power of two"));
  EXPECT_EQ(refusal("static", "ring", 4), "");
}

TEST(StaticSchedule, SaysThatItIsStatic) {
  EXPECT_TRUE(make_schedule("static", "ring", 4, 0)->is_static());
}

/// Neighbours meet in even rounds only, and peer 0 never knows of it if `torn`.
class Blinking final : public Schedule {
 public:
  explicit Blinking(bool torn) : torn_(torn) {}
  const std::string& spec() const override { return spec_; }
  std::size_t size() const override { return 2; }
  std::uint64_t period() const override { return 2; }
  bool is_directed() const override { return false; }
  std::vector<base::PeerId> partners(base::PeerId peer) const override { return {{1 - peer.value}}; }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    if (round.value % 2 == 1 || (torn_ && peer.value == 0)) return {};
    return {.in = partners(peer), .out = partners(peer)};
  }

 private:
  bool torn_;
  std::string spec_ = "blinking";
};

TEST(GraphOfRound, IsThatOfTheRound) {
  EXPECT_EQ(num_edges(graph_of_round(Blinking(false), {4})), 1u);
  EXPECT_EQ(num_edges(graph_of_round(Blinking(false), {5})), 0u);
}

TEST(GraphOfRoundDeathTest, StopsAtAScheduleWhosePeersDisagree) {
  EXPECT_DEATH(graph_of_round(Blinking(true), {0}), "blinking");
}

}  // namespace
}  // namespace parley::topology
