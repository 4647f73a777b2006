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
  const auto deadline = Clock::now() + std::chrono::seconds(200);
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
  const auto deadline = Clock::now() + std::chrono::seconds(200);
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

TEST(ZmqTransport, KeepsTheOrderOfTenThousandMessagesBothWays) {
  constexpr int kMessages = 10'000;
  ZmqTransport::Settings settings = loopback();
  settings.high_water_mark = 1000;
  ZmqTransport a(settings), b(settings);
  ZmqTransport* ends[] = {&a, &b};
  a.connect(kOther, b.endpoint());
  b.connect(kOther, a.endpoint());
  int sent[] = {0, 0}, arrived[] = {0, 0};
  const auto deadline = Clock::now() + std::chrono::seconds(200);
  while (arrived[0] + arrived[1] < 2 * kMessages) {
    ASSERT_LT(Clock::now(), deadline);
    for (const std::size_t i : {0U, 1U}) {
      while (sent[i] < kMessages && ends[i]->send(kOther, bytes(std::to_string(sent[i])), bytes_of("payload")))
        ++sent[i];
      while (const auto frames = ends[i]->receive()) {
        ASSERT_EQ(text_of(frames->header), std::to_string(arrived[i]));
        ASSERT_EQ(frames->payload.size(), 7U);
        ++arrived[i];
      }
    }
    // Where a queue is full, there is something to receive at the other end, soon.
    zmq_pollitem_t items[] = {{a.handle(), 0, ZMQ_POLLIN, 0}, {b.handle(), 0, ZMQ_POLLIN, 0}};
    zmq_poll(items, 2, 1000);
  }
}

TEST(ZmqTransport, AFullQueueRefusesAndLetsGoOfTheRefusedPayload) {
  ZmqTransport::Settings settings = loopback();
  settings.high_water_mark = 4;
  ZmqTransport a(settings);
  a.connect(kOther, "tcp://127.0.0.1:1");  // nobody listens there
  const auto owner = std::make_shared<std::byte>();
  int accepted = 0;
  while (a.send(kOther, bytes("h"), Bytes{owner, {owner.get(), 1}})) ++accepted;
  EXPECT_EQ(accepted, 4);
  EXPECT_EQ(owner.use_count(), 1 + 4);
  EXPECT_FALSE(a.send({99}, bytes("h"), {}));  // not connected to
  a.disconnect(kOther);
  EXPECT_TRUE(eventually([&] { return owner.use_count() == 1; }));
}

// What is sent before anybody listens arrives when somebody does; so it is after a restart on the same port.
TEST(ZmqTransport, ConnectsWhenThePeerStartsAndAgainWhenItRestarts) {
  ZmqTransport a(loopback());
  auto b = std::make_unique<ZmqTransport>(loopback());
  const std::string endpoint = b->endpoint();
  b.reset();
  a.connect(kOther, endpoint);
  ASSERT_TRUE(a.send(kOther, bytes("early"), {}));
  ZmqTransport::Settings settings = loopback();
  settings.bind = endpoint;
  for (int life = 0; life < 3; ++life) {
    ASSERT_TRUE(eventually([&] {
      try {
        b = std::make_unique<ZmqTransport>(settings);
        return true;
      } catch (const base::OperatorError&) {
        return false;  // the socket of the life before is not closed yet
      }
    }));
    // What was in flight when a life ended may be lost; what is sent again and again is not.
    std::optional<Frames> frames;
    ASSERT_TRUE(eventually([&] {
      a.send(kOther, bytes("again"), {});
      return (frames = b->receive()).has_value();
    }));
    if (life == 0) {
      EXPECT_EQ(text_of(frames->header), "early");
    }
    b.reset();
  }
}

TEST(ZmqTransport, KnowsWhetherAConnectionStands) {
  ZmqTransport a(loopback());
  auto b = std::make_unique<ZmqTransport>(loopback());
  const std::string endpoint = b->endpoint();
  EXPECT_FALSE(a.is_connected(kOther)) << "nobody has been connected to";
  a.connect(kOther, "tcp://127.0.0.1:1");  // nobody listens there
  EXPECT_TRUE(a.send(kOther, bytes("waits"), {}));
  EXPECT_FALSE(a.is_connected(kOther));
  a.connect(kOther, endpoint);
  EXPECT_TRUE(eventually([&] { return a.is_connected(kOther); }));
  b.reset();
  EXPECT_TRUE(eventually([&] {
    a.receive();
    return !a.is_connected(kOther);
  }));
}

// Somebody with a socket of his own, who need not play by the rules.
struct Stranger {
  explicit Stranger(const std::string& endpoint) : context(zmq_ctx_new()), socket(zmq_socket(context, ZMQ_DEALER)) {
    const int linger = 0;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
    EXPECT_EQ(zmq_connect(socket, endpoint.c_str()), 0);
  }
  ~Stranger() {
    zmq_close(socket);
    zmq_ctx_term(context);
  }
  // Does not wait for room, which this thread would have to make.
  bool send(const std::vector<std::string>& frames) {
    for (std::size_t i = 0; i < frames.size(); ++i)
      if (zmq_send(socket, frames[i].data(), frames[i].size(),
                   ZMQ_DONTWAIT | (i + 1 < frames.size() ? ZMQ_SNDMORE : 0)) < 0)
        return false;
    return true;
  }

  void* context;
  void* socket;
};

TEST(ZmqTransport, MessagesOfMoreThanTwoFramesAreDroppedAndCounted) {
  ZmqTransport b(loopback());
  Stranger stranger(b.endpoint());
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(stranger.send({"one", "two", "three", "four"}));
  ASSERT_TRUE(stranger.send({"header", "payload"}));
  ASSERT_TRUE(stranger.send({""}));
  const auto first = receive(b), second = receive(b);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(text_of(first->header), "header");
  EXPECT_EQ(text_of(first->payload), "payload");
  EXPECT_EQ(second->header.size(), 0U);  // which the codec refuses
  EXPECT_EQ(b.malformed(), 200U);
}

TEST(ZmqTransport, AFrameBeyondTheBoundNeverArrives) {
  ZmqTransport b(loopback(20'000));
  Stranger stranger(b.endpoint());
  ASSERT_TRUE(stranger.send({"header", std::string(20'001, 'x')}));
  // The connection is cut, made again, and carries what comes after.
  ASSERT_TRUE(eventually([&] {
    stranger.send({"header", std::string(20'000, 'x')});
    const auto frames = b.receive();
    EXPECT_TRUE(!frames || frames->payload.size() == 20'000);
    return frames.has_value();
  }));
}

TEST(ZmqTransport, SaysWhenThereIsSomethingToReceive) {
  ZmqTransport a(loopback()), b(loopback());
  EXPECT_FALSE(b.readable());
  EXPECT_GE(b.descriptor(), 0);
  a.connect(kOther, b.endpoint());
  ASSERT_TRUE(a.send(kOther, bytes("h"), {}));
  EXPECT_TRUE(eventually([&] { return b.readable(); }));
  ASSERT_TRUE(b.receive());
  EXPECT_FALSE(b.readable());
}

TEST(ZmqTransport, SpeaksIpv6) {
  ZmqTransport::Settings settings = loopback();
  settings.bind = "tcp://[::1]:*";
  std::unique_ptr<ZmqTransport> b;
  try {
    b = std::make_unique<ZmqTransport>(settings);
  } catch (const base::OperatorError& error) {
    GTEST_SKIP() << "this machine has no IPv6 loopback: " << error.what();
  }
  EXPECT_TRUE(b->endpoint().starts_with("tcp://[::1]:")) << b->endpoint();
  ZmqTransport a(loopback());
  a.connect(kOther, b->endpoint());
  ASSERT_TRUE(a.send(kOther, bytes("h"), {}));
  EXPECT_TRUE(receive(*b));
}

TEST(ZmqTransport, ListensOnAllAddresses) {
  ZmqTransport::Settings settings = loopback();
  settings.bind = "tcp://*:*";
  ZmqTransport a(loopback()), b(settings);
  const std::string endpoint = b.endpoint();
  a.connect(kOther, "tcp://127.0.0.1" + endpoint.substr(endpoint.rfind(':')));
  ASSERT_TRUE(a.send(kOther, bytes("h"), {}));
  EXPECT_TRUE(receive(b));
}

TEST(ZmqTransport, CarriesALinkFromHelloToGoodbye) {
  ZmqTransport a(loopback()), b(loopback());
  ZmqTransport* transports[] = {&a, &b};
  a.connect({1}, b.endpoint());
  b.connect({0}, a.endpoint());
  const auto now = [start = Clock::now()] { return std::chrono::duration_cast<Time>(Clock::now() - start); };
  Link links[] = {Link(settings_of(0), now()), Link(settings_of(1), now())};
  std::vector<std::string> delivered;
  bool sent = false;
  ASSERT_TRUE(eventually([&] {
    for (std::uint32_t i = 0; i < 2; ++i) {
      while (const auto frames = transports[i]->receive()) {
        auto message = decode_header(frames->header.span);
        EXPECT_TRUE(message.ok() && check_payload(*message, frames->payload.span).ok());
        EXPECT_TRUE(links[i].on_message(*message, frames->payload, now()).ok());
      }
      if (links[i].deadline() && *links[i].deadline() <= now()) links[i].on_time(now());
      if (i == 0 && !sent && links[0].state() == LinkState::agreed) {
        for (const char* text : {"a", "b"}) links[0].send(Difference{}, bytes_of(text), now());
        links[0].send(Goodbye{{1}, "done"}, {}, now());
        sent = true;
      }
      for (const Outgoing& out : links[i].take_outgoing())
        transports[i]->send({1 - i}, encode_header(out.message), out.payload);
      for (const LinkEvent& event : links[i].take_events())
        if (const auto* arrival = std::get_if<Delivered>(&event)) delivered.push_back(text_of(arrival->payload));
    }
    return links[0].state() == LinkState::closed && links[1].state() == LinkState::closed;
  }));
  EXPECT_THAT(delivered, testing::ElementsAre("a", "b"));
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

TEST(ZmqTransport, AnEndpointThatIsNoneIsToldWithItsRemedy) {
  const auto why = [](const std::string& bind) -> std::string {
    ZmqTransport::Settings settings = loopback();
    settings.bind = bind;
    try {
      ZmqTransport transport(settings);
    } catch (const base::OperatorError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(why("127.0.0.1:7100"), testing::HasSubstr("write tcp://ADDRESS:PORT"));
  EXPECT_THAT(why("tcp://127.0.0.1:notaport"), testing::HasSubstr("write tcp://ADDRESS:PORT"));
  EXPECT_THAT(why("tcp://192.0.2.1:*"), testing::HasSubstr("this machine has no such address"));
  ZmqTransport transport(loopback());
  EXPECT_THROW(transport.connect(kOther, "nonsense"), base::OperatorError);
}

}  // namespace
}  // namespace parley::wire
