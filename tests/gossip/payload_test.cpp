#include "gossip/payload.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>

namespace parley::gossip {
namespace {

TEST(PayloadPool, ReusesABufferOnlyAfterItsLastHolderLetGo) {
  PayloadPool pool;
  const std::byte* first = pool.take(100).data();
  Payload held = pool.seal(60);
  EXPECT_EQ(held.bytes.size(), 60u);
  EXPECT_NE(pool.take(100).data(), first);
  Payload second = pool.seal(10);
  Payload copy = held;
  held = {};
  EXPECT_NE(pool.take(100).data(), first) << "a copy still holds it";
  (void)pool.seal(1);
  copy = {};
  second = {};
  EXPECT_EQ(pool.take(100).data(), first) << "nobody holds it any more, and it is the oldest";
}

TEST(PayloadPool, PayloadsOutliveThePool) {
  Payload payload;
  {
    PayloadPool pool;
    std::memset(pool.take(16).data(), 7, 16);
    payload = pool.seal(16);
  }
  for (std::byte value : payload.bytes) EXPECT_EQ(value, std::byte{7});
}

TEST(PayloadPool, ReceivesBuffersBackFromOtherThreads) {
  PayloadPool pool;
  for (int round = 0; round < 1000; ++round) {
    std::memset(pool.take(64).data(), round & 0xff, 64);
    std::thread reader([payload = pool.seal(64), round]() mutable {
      for (std::byte value : payload.bytes) EXPECT_EQ(value, static_cast<std::byte>(round & 0xff));
      payload = {};
    });
    if (round % 7 == 0) {
      (void)pool.take(64);
      (void)pool.seal(64);
    }
    reader.join();
  }
}

}  // namespace
}  // namespace parley::gossip
