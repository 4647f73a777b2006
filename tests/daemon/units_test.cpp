#include "daemon/units.h"

#include <gtest/gtest.h>

namespace parley::daemon {
namespace {

using namespace std::chrono_literals;

TEST(Units, DurationsAreReadInTheirUnit) {
  EXPECT_EQ(parse_duration("200ms"), 200ms);
  EXPECT_EQ(parse_duration("5s"), 5s);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("1.5h"), 90min);
  EXPECT_EQ(parse_duration("7 us"), 7us);
  EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(Units, SizesAndRatesAreReadInTheirUnit) {
  EXPECT_EQ(parse_size("4MiB"), 4 * 1024 * 1024);
  EXPECT_EQ(parse_size("4MB"), 4'000'000);
  EXPECT_EQ(parse_size("1B"), 1);
  EXPECT_EQ(parse_rate("100Mbit"), 1e8);
  EXPECT_EQ(parse_rate("100Mbit/s"), 1e8);
  EXPECT_EQ(parse_rate("0.5kbit"), 500.0);
}

TEST(Units, WhatIsNoQuantityIsRefused) {
  for (const char* text : {"", "5", "s", "-1s", "5 parsecs", "1e400s", "nan s", "inf", "5ss", " 5s", "0x5s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
    EXPECT_FALSE(parse_size(text)) << text;
    EXPECT_FALSE(parse_rate(text)) << text;
  }
}

TEST(Units, WhatDoesNotFitIsRefused) {
  EXPECT_FALSE(parse_duration("9999999999h"));
  EXPECT_FALSE(parse_size("99999999999GiB"));
}

TEST(Units, WhatIsWrittenReadsBackExactly) {
  for (const std::int64_t count : {0LL, 1LL, 999LL, 1'000LL, 90'000'000'000LL, 123'456'789LL, 3'600'000'000'000LL})
    EXPECT_EQ(parse_duration(format_duration(std::chrono::nanoseconds(count))), std::chrono::nanoseconds(count));
  for (const std::int64_t size : {0LL, 1LL, 1000LL, 1024LL, 4096LL, 123'457LL, 1LL << 40})
    EXPECT_EQ(parse_size(format_size(size)), size);
  for (const double rate : {0.0, 1.0, 1.5, 1e8, 123456.789, 1e9}) EXPECT_EQ(parse_rate(format_rate(rate)), rate);
}

TEST(Units, ApproximateBytesHaveThreeDigits) {
  EXPECT_EQ(approximate_bytes(812), "812 B");
  EXPECT_EQ(approximate_bytes(1024), "1.00 KiB");
  EXPECT_EQ(approximate_bytes(3.1 * 1024 * 1024), "3.10 MiB");
  EXPECT_EQ(approximate_bytes(12.3 * 1024), "12.3 KiB");
}

}  // namespace
}  // namespace parley::daemon
