#include "wire/timers.h"

#include <gtest/gtest.h>

namespace parley::wire {
namespace {

using namespace std::chrono_literals;

TEST(Timers, BackoffDoublesUpToSixteenTimes) {
  const struct {
    std::uint32_t repetition;
    Time wait;
  } table[] = {{0, 200ms}, {1, 400ms}, {2, 800ms}, {3, 1600ms}, {4, 3200ms}, {5, 3200ms}, {~0U, 3200ms}};
  for (const auto& row : table) EXPECT_EQ(backoff(200ms, row.repetition), row.wait) << row.repetition;
}

TEST(Timers, TheFirstRoundTripIsTakenAsItIsAndLaterOnesCountAnEighth) {
  EXPECT_EQ(smoothed(std::nullopt, 80ms), 80ms);
  EXPECT_EQ(smoothed(80ms, 160ms), 90ms);
  EXPECT_EQ(smoothed(80ms, 0ms), 70ms);
}

TEST(Timers, TheEarlierOfTwoMoments) {
  EXPECT_EQ(earlier(std::nullopt, std::nullopt), std::nullopt);
  EXPECT_EQ(earlier(1ms, std::nullopt), 1ms);
  EXPECT_EQ(earlier(std::nullopt, 1ms), 1ms);
  EXPECT_EQ(earlier(2ms, 1ms), 1ms);
}

}  // namespace
}  // namespace parley::wire
