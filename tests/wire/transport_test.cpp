#include "wire/transport.h"

#include <gtest/gtest.h>

namespace parley::wire {
namespace {

// ZMTP 3 (RFC 23): a short frame has one byte of length, a long one eight; both have one byte of flags.
TEST(ByteCount, FramingIsTwoBytesUpTo255AndNineAbove) {
  EXPECT_EQ(zmtp_frame_bytes(0), 2U);
  EXPECT_EQ(zmtp_frame_bytes(88), 90U);
  EXPECT_EQ(zmtp_frame_bytes(255), 257U);
  EXPECT_EQ(zmtp_frame_bytes(256), 265U);
  EXPECT_EQ(zmtp_frame_bytes(50'000'000), 50'000'009U);
}

TEST(ByteCount, HeadersPayloadsControlAndRepetitionsAreKeptApart) {
  ByteCount count;
  count.count_sent(Traffic::header, 88, 1000);
  count.count_sent(Traffic::control, 88, 0);
  count.count_sent(Traffic::resend, 88, 1000);
  count.count_received(Traffic::header, 88, 0);
  EXPECT_EQ(count.sent_of(Traffic::header), 90U);
  EXPECT_EQ(count.sent_of(Traffic::payload), 1009U);
  EXPECT_EQ(count.sent_of(Traffic::control), 90U);
  EXPECT_EQ(count.sent_of(Traffic::resend), 1099U);
  EXPECT_EQ(count.received_of(Traffic::header), 90U);
  EXPECT_EQ(count.received_of(Traffic::payload), 0U);
}

TEST(ByteCount, AReceivedMessageCountsAsTheSenderCountedIt) {
  Message message;
  message.body = Difference{};
  EXPECT_EQ(traffic_of(message), Traffic::header);
  message.resent = true;
  EXPECT_EQ(traffic_of(message), Traffic::resend);
  message.resent = false;
  message.body = Goodbye{};
  EXPECT_EQ(traffic_of(message), Traffic::header);
  message.body = Ping{};
  EXPECT_EQ(traffic_of(message), Traffic::control);
}

}  // namespace
}  // namespace parley::wire
