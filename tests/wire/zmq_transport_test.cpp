#include "wire/zmq_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zmq.h>

#include <chrono>
#include <thread>
#include <vector>

#include "base/error.h"
#include "link_pair.h"

namespace parley::wire {
namespace {

using Clock = std::chrono::steady_clock;
constexpr base::PeerId kOther{7};

ZmqTransport::Settings loopback(std::size_t max_payload = 1024) {
  ZmqTransport::Settings settings;
  settings.bind = "tcp://127.0.0.1:*";
  settings.max_payload = max_payload;
  settings.linger = std::chrono::milliseconds(0);
  return settings;
}

// Waits for the socket, not for the clock; the deadline only ends a test that has failed.
std::optional<Frames> receive(ZmqTransport& transport) {
  const auto deadline = Clock::now() + std::chrono::seconds(60);
  for (;;) {
    if (auto frames = transport.receive()) return frames;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return {};
    zmq_pollitem_t item{transport.handle(), 0, ZMQ_POLLIN, 0};
    zmq_poll(&item, 1, left.count());
  }
}

template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = Clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

TEST(ZmqTransport, CarriesHeaderAndPayload) {
  ZmqTransport a(loopback()), b(loopback());
  a.connect(kOther, b.endpoint());
  ASSERT_TRUE(a.send(kOther, bytes("header"), bytes_of("payload")));
  ASSERT_TRUE(a.send(kOther, bytes("alone"), {}));
  const auto first = receive(b), second = receive(b);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(text_of(first->header), "header");
  EXPECT_EQ(text_of(first->payload), "payload");
  EXPECT_EQ(text_of(second->header), "alone");
  EXPECT_EQ(second->payload.size(), 0U);
}

TEST(ZmqTransport, SharesOnePayloadAmongNeighboursAndLetsGoOfIt) {
  ZmqTransport sender(loopback(64 << 20)), near(loopback(64 << 20)), far(loopback(64 << 20));
  sender.connect({1}, near.endpoint());
  sender.connect({2}, far.endpoint());
  auto owner = std::make_shared<std::vector<std::byte>>(50'000'000, std::byte{0x5A});
  (*owner)[12'345'678] = std::byte{1};
  const std::weak_ptr<std::vector<std::byte>> watch = owner;
  Bytes payload{std::shared_ptr<const std::byte>(owner, owner->data()), *owner};
  ASSERT_TRUE(sender.send({1}, bytes("h"), payload));
  ASSERT_TRUE(sender.send({2}, bytes("h"), payload));
  owner.reset();
  payload = {};
  for (ZmqTransport* receiver : {&near, &far}) {
    const auto frames = receive(*receiver);
    ASSERT_TRUE(frames);
    ASSERT_EQ(frames->payload.size(), 50'000'000U);
    EXPECT_EQ(frames->payload.span[12'345'678], std::byte{1});
    EXPECT_EQ(frames->payload.span[49'999'999], std::byte{0x5A});
  }
  EXPECT_TRUE(eventually([&] { return watch.expired(); }));
}

TEST(ZmqTransport, APortInUseIsToldWithItsRemedy) {
  ZmqTransport first(loopback());
  ZmqTransport::Settings settings = loopback();
  settings.bind = first.endpoint();
  try {
    ZmqTransport second(settings);
    FAIL() << "bound twice";
  } catch (const base::OperatorError& error) {
    EXPECT_EQ(error.what(), "cannot listen on " + first.endpoint() +
                                ": the address is in use (is another parleyd running? choose another with "
                                "swarm.base_port or [[peer]] address)");
  }
}

}  // namespace
}  // namespace parley::wire
