#include "learning/minibatch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace parley::learning {
namespace {

using Rows = std::vector<std::uint32_t>;

Rows rows_of(MinibatchSchedule& schedule, std::uint64_t round) {
  const auto rows = schedule.rows(base::Round{round});
  return {rows.begin(), rows.end()};
}

struct Size {
  std::size_t samples, batch;
};
const Size kSizes[] = {{100, 32}, {96, 32}, {97, 32}, {7500, 32}, {33, 32}, {10, 1}, {7, 3}};

TEST(MinibatchSchedule, EveryEpochUsesEverySampleExactlyOnce) {
  for (const Size size : kSizes) {
    MinibatchSchedule schedule(size.samples, size.batch, 1, base::PeerId{0});
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
      Rows seen;
      for (std::uint64_t b = 0; b < schedule.rounds_per_epoch(); ++b) {
        const Rows batch = rows_of(schedule, epoch * schedule.rounds_per_epoch() + b);
        seen.insert(seen.end(), batch.begin(), batch.end());
      }
      std::ranges::sort(seen);
      Rows all(size.samples);
      std::iota(all.begin(), all.end(), 0u);
      EXPECT_EQ(seen, all);
    }
  }
}

TEST(MinibatchSchedule, MinibatchesAreNeverLargerThanAskedForAndDifferByAtMostOne) {
  for (const Size size : kSizes) {
    MinibatchSchedule schedule(size.samples, size.batch, 1, base::PeerId{0});
    std::size_t least = size.samples, most = 0;
    for (std::uint64_t t = 0; t < schedule.rounds_per_epoch(); ++t) {
      least = std::min(least, rows_of(schedule, t).size());
      most = std::max(most, rows_of(schedule, t).size());
    }
    EXPECT_LE(most, size.batch);
    EXPECT_LE(most - least, 1u);
    EXPECT_EQ(most, schedule.largest_batch());
  }
}

TEST(MinibatchSchedule, ARoundIsAFunctionOfSeedAndPeer) {
  MinibatchSchedule forwards(100, 10, 1, base::PeerId{3}), backwards(100, 10, 1, base::PeerId{3});
  std::vector<Rows> expected(40);
  for (std::uint64_t t = 0; t < 40; ++t) expected[t] = rows_of(forwards, t);
  for (std::uint64_t t = 40; t-- > 0;) EXPECT_EQ(rows_of(backwards, t), expected[t]);

  // Two orders of 100 samples agree in their first ten with probability 1e-19.
  MinibatchSchedule other_peer(100, 10, 1, base::PeerId{4}), other_seed(100, 10, 2, base::PeerId{3});
  EXPECT_NE(rows_of(other_peer, 0), expected[0]);
  EXPECT_NE(rows_of(other_seed, 0), expected[0]);
  EXPECT_NE(expected[0], expected[10]) << "the next epoch has another order";
}

TEST(MinibatchSchedule, WhatFitsInOneBatchIsUsedInOrderEveryRound) {
  for (const std::size_t batch : {0u, 5u, 8u}) {
    MinibatchSchedule schedule(5, batch, 1, base::PeerId{0});
    for (std::uint64_t t = 0; t < 3; ++t) EXPECT_EQ(rows_of(schedule, t), (Rows{0, 1, 2, 3, 4}));
  }
}

TEST(MinibatchScheduleDeathTest, NoSamplesAreABug) {
  EXPECT_DEATH(MinibatchSchedule(0, 4, 1, base::PeerId{0}), "samples");
}

}  // namespace
}  // namespace parley::learning
