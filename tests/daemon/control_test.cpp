// The control socket over real sockets: who asks gets an answer, and nothing that arrives there does harm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "base/random.h"
#include "daemon/control_client.h"
#include "daemon/control_server.h"
#include "daemon/runtime_directory.h"
#include "scratch_directory.h"
#include "served_peer.h"

namespace parley::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto kPatience = 20s;  // far beyond what any of this takes

wire::PeerStatus status_named(const std::string& name) {
  wire::PeerStatus status;
  status.name = name;
  status.swarm = "test";
  status.state = wire::PeerState::training;
  status.round = 7;
  status.neighbours.resize(2);
  return status;
}

ControlServer::Answer always(const std::string& name) {
  return [name](const wire::ControlAsk& ask) -> wire::ControlAnswer {
    if (std::holds_alternative<wire::AskStop>(ask)) return wire::ControlDone{};
    return status_named(name);
  };
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Control, AnswersStatusAndStopOverIpcAndTcp) {
  const ScratchDirectory scratch;
  for (const std::string& endpoint : {control_endpoint(scratch.path(), "s", "p"), std::string("tcp://127.0.0.1:*")}) {
    ServedPeer peer(endpoint, always("peer-1"));
    ControlClient client;
    const auto status = status_in(client.ask(peer.endpoint(), wire::AskStatus{}, kPatience));
    ASSERT_TRUE(status.ok()) << status.refusal().detail;
    EXPECT_EQ(status->name, "peer-1");
    EXPECT_EQ(status->round, 7U);
    EXPECT_EQ(status->neighbours.size(), 2U);
    const auto stop = client.ask(peer.endpoint(), wire::AskStop{}, kPatience);
    ASSERT_TRUE(stop.ok());
    EXPECT_TRUE(std::holds_alternative<wire::ControlDone>(*stop));
  }
}

TEST(Control, TheReasonOfARefusalReachesTheClient) {
  const ScratchDirectory scratch;
  ServedPeer peer(control_endpoint(scratch.path(), "s", "p"),
                  [](const wire::ControlAsk&) { return wire::ControlRefused{"already draining"}; });
  ControlClient client;
  const auto answer = client.ask(peer.endpoint(), wire::AskStop{}, kPatience);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.refusal().reason, "refused");
  EXPECT_THAT(answer.refusal().detail, HasSubstr("already draining"));
}

TEST(Control, AskingManyKeepsTheirOrderAndNamesThoseWhoAreAbsent) {
  const ScratchDirectory scratch;
  ServedPeer first(control_endpoint(scratch.path(), "s", "a"), always("a"));
  ServedPeer third(control_endpoint(scratch.path(), "s", "c"), always("c"));
  const std::vector<std::string> endpoints = {first.endpoint(), control_endpoint(scratch.path(), "s", "b"),
                                              third.endpoint()};
  ControlClient client;
  const auto answers = client.ask_all(endpoints, wire::AskStatus{}, kPatience);
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(status_in(answers[0])->name, "a");
  ASSERT_FALSE(answers[1].ok());
  EXPECT_EQ(answers[1].refusal().reason, "no_daemon");
  EXPECT_THAT(answers[1].refusal().detail, HasSubstr("no daemon answers at ipc://"));
  EXPECT_EQ(status_in(answers[2])->name, "c");
}

TEST(Control, ADaemonThatListensButDoesNotAnswerIsGivenUpAfterTheTimeout) {
  const ScratchDirectory scratch;
  const ControlServer silent({control_endpoint(scratch.path(), "s", "p")});  // nobody serves it
  ControlClient client;
  const auto answer = client.ask(silent.endpoint(), wire::AskStatus{}, 50ms);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.refusal().reason, "no_answer");
}

TEST(Control, AnInterruptEndsTheWaitForAnswers) {
  const ScratchDirectory scratch;
  const ControlServer silent({control_endpoint(scratch.path(), "s", "p")});
  const Descriptor interrupt(::eventfd(1, EFD_CLOEXEC));
  ControlClient client;
  const auto answers = client.ask_all(std::vector{silent.endpoint()}, wire::AskStatus{}, 1h, interrupt.get());
  EXPECT_EQ(answers.at(0).refusal().reason, "no_answer");
}

TEST(ControlServer, TheSocketIsForItsOwnerOnly) {
  const ScratchDirectory scratch;
  const ControlServer server({control_endpoint(scratch.path(), "s", "p")});
  struct stat info{};
  ASSERT_EQ(::stat(socket_path(server.endpoint()).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
}

TEST(ControlServer, RemovesItsSocketWhenItGoes) {
  const ScratchDirectory scratch;
  const std::string endpoint = control_endpoint(scratch.path(), "s", "p");
  {
    const ControlServer server({endpoint});
  }
  EXPECT_FALSE(std::filesystem::exists(socket_path(endpoint)));
}

TEST(ControlServer, ReplacesTheSocketOfADeadDaemon) {
  const ScratchDirectory scratch;
  const std::string endpoint = control_endpoint(scratch.path(), "s", "p");
  {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = socket_path(endpoint).string();
    std::memcpy(address.sun_path, path.data(), path.size());
    const Descriptor dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(dead.get(), 1), 0);
  }
  ASSERT_TRUE(std::filesystem::exists(socket_path(endpoint)));
  ServedPeer peer(endpoint, always("alive"));
  ControlClient client;
  EXPECT_TRUE(client.ask(endpoint, wire::AskStatus{}, kPatience).ok());
}

TEST(ControlServer, RefusesAnEndpointOnWhichALivingDaemonListens) {
  const ScratchDirectory scratch;
  for (const std::string& endpoint : {control_endpoint(scratch.path(), "s", "p"), std::string("tcp://127.0.0.1:*")}) {
    ServedPeer first(endpoint, always("first"));
    EXPECT_THAT(message_of([&] { ControlServer second({first.endpoint()}); }),
                testing::AllOf(HasSubstr(first.endpoint()), HasSubstr("already listens"), HasSubstr("parley stop")));
    ControlClient client;
    EXPECT_TRUE(client.ask(first.endpoint(), wire::AskStatus{}, kPatience).ok()) << "the first must be unharmed";
  }
}

TEST(ControlServer, DoesNotRemoveAFileThatIsNoSocket) {
  const ScratchDirectory scratch;
  const std::string endpoint = control_endpoint(scratch.path(), "s", "p");
  std::fclose(std::fopen(socket_path(endpoint).c_str(), "w"));
  EXPECT_THAT(message_of([&] { ControlServer server({endpoint}); }), HasSubstr("cannot bind"));
  EXPECT_TRUE(std::filesystem::is_regular_file(socket_path(endpoint)));
}

TEST(ControlServer, RefusesToListenBeyondLoopback) {
  for (const std::string endpoint : {"tcp://0.0.0.0:7190", "tcp://*:7190", "tcp://192.0.2.1:7190", "pgm://x"})
    EXPECT_THAT(message_of([&] { ControlServer server({endpoint}); }), HasSubstr("loopback")) << endpoint;
}

TEST(ControlServer, AMissingDirectoryIsNamed) {
  EXPECT_THAT(message_of([] { ControlServer server({"ipc:///nowhere/at/all.sock"}); }),
              testing::AllOf(HasSubstr("/nowhere/at/all.sock"), HasSubstr("No such file")));
}

/// A client that can send what a ControlClient would not.
class RawClient {
 public:
  explicit RawClient(const std::string& endpoint) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(std::chrono::milliseconds(kPatience).count()));
    socket_.connect(endpoint);
  }
  void send(std::span<const std::byte> bytes, bool more = false) {
    socket_.send(zmq::buffer(bytes.data(), bytes.size()), more ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
  /// The next reply; fails the test if none comes.
  wire::ControlReply reply() {
    zmq::message_t frame;
    if (!socket_.recv(frame)) return ADD_FAILURE() << "no reply", wire::ControlReply{};
    auto reply = wire::decode_reply({static_cast<const std::byte*>(frame.data()), frame.size()});
    if (!reply.ok()) return ADD_FAILURE() << reply.refusal().detail, wire::ControlReply{};
    return *reply;
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_{context_, zmq::socket_type::dealer};
};

TEST(ControlServer, AThousandMalformedRequestsAreRefusedAndCountedAndDoNoHarm) {
  const ScratchDirectory scratch;
  ServedPeer peer(control_endpoint(scratch.path(), "s", "p"), always("fine"));
  RawClient raw(peer.endpoint());
  base::Random random({.seed = 1});
  constexpr int kRequests = 1000;
  for (int i = 0; i < kRequests; ++i) {
    std::vector<std::byte> bytes(random.below(200));
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.bits());
    raw.send(bytes);
    EXPECT_TRUE(std::holds_alternative<wire::ControlRefused>(raw.reply().answer));
  }
  ControlClient client;
  EXPECT_TRUE(client.ask(peer.endpoint(), wire::AskStatus{}, kPatience).ok());
  std::uint64_t refused = 0;
  for (const auto& [reason, count] : peer.stop().refused) refused += count;
  EXPECT_EQ(refused, static_cast<std::uint64_t>(kRequests));
  EXPECT_EQ(peer.stop().answered, 1U);
}

TEST(ControlServer, AMessageOfManyFramesIsRefusedOnceAndTheNextIsUnderstood) {
  const ScratchDirectory scratch;
  ServedPeer peer(control_endpoint(scratch.path(), "s", "p"), always("fine"));
  RawClient raw(peer.endpoint());
  const auto request = wire::encode_request({5, wire::AskStatus{}});
  for (int i = 0; i < 1000; ++i) raw.send(request, /*more=*/true);
  raw.send(request);
  EXPECT_TRUE(std::holds_alternative<wire::ControlRefused>(raw.reply().answer));
  raw.send(request);
  const auto reply = raw.reply();
  EXPECT_EQ(reply.id, 5U);
  EXPECT_TRUE(std::holds_alternative<wire::PeerStatus>(reply.answer));
  EXPECT_THAT(peer.stop().refused, ElementsAre(testing::Pair("too_many_frames", 1)));
}

TEST(ControlServer, OneTurnDealsWithABoundedNumberOfRequestsAndAsksForTheStatusOnce) {
  const ScratchDirectory scratch;
  ControlServer server({control_endpoint(scratch.path(), "s", "p")});
  zmq::context_t context;
  zmq::socket_t flood(context, zmq::socket_type::dealer);
  flood.set(zmq::sockopt::linger, 0);
  flood.connect(server.endpoint());
  constexpr std::size_t kFlood = 12;  // below the high-water mark, so that all of them arrive
  for (std::uint64_t id = 1; id <= kFlood; ++id) {
    const auto request = wire::encode_request({id, wire::AskStatus{}});
    flood.send(zmq::buffer(request.data(), request.size()), zmq::send_flags::none);
  }
  std::size_t asked = 0, dealt_with = 0;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (dealt_with < kFlood && std::chrono::steady_clock::now() < deadline) {
    zmq::pollitem_t item{server.handle(), 0, ZMQ_POLLIN, 0};
    zmq_poll(&item, 1, 100);
    const std::size_t before = asked;
    const std::size_t now = server.serve([&](const wire::ControlAsk&) { return ++asked, status_named("p"); }, 3);
    EXPECT_LE(now, 3U);
    EXPECT_LE(asked - before, 1U);
    dealt_with += now;
  }
  EXPECT_EQ(dealt_with, kFlood);
  EXPECT_EQ(server.statistics().answered, kFlood);
}

TEST(ControlServer, AStatusAfterAStopInTheSameTurnIsAskedForAnew) {
  const ScratchDirectory scratch;
  ControlServer server({control_endpoint(scratch.path(), "s", "p")});
  RawClient raw(server.endpoint());
  raw.send(wire::encode_request({1, wire::AskStatus{}}));
  raw.send(wire::encode_request({2, wire::AskStop{}}));
  raw.send(wire::encode_request({3, wire::AskStatus{}}));
  bool draining = false;
  const auto answer = [&](const wire::ControlAsk& ask) -> wire::ControlAnswer {
    if (std::holds_alternative<wire::AskStop>(ask)) return draining = true, wire::ControlDone{};
    auto status = status_named("p");
    if (draining) status.state = wire::PeerState::draining;
    return status;
  };
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (server.statistics().answered < 3 && std::chrono::steady_clock::now() < deadline) {
    zmq::pollitem_t item{server.handle(), 0, ZMQ_POLLIN, 0};
    zmq_poll(&item, 1, 100);
    server.serve(answer);
  }
  EXPECT_EQ(std::get<wire::PeerStatus>(raw.reply().answer).state, wire::PeerState::training);
  EXPECT_TRUE(std::holds_alternative<wire::ControlDone>(raw.reply().answer));
  EXPECT_EQ(std::get<wire::PeerStatus>(raw.reply().answer).state, wire::PeerState::draining);
}

TEST(Control, PrintsHowLongAStatusTakes) {
  const ScratchDirectory scratch;
  ServedPeer peer(control_endpoint(scratch.path(), "s", "p"), always("p"));
  ControlClient client;
  std::vector<double> milliseconds;
  for (int i = 0; i < 500; ++i) {
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(client.ask(peer.endpoint(), wire::AskStatus{}, kPatience).ok());
    milliseconds.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  std::printf("status with a new connection each: median %.3f ms, p99 %.3f ms\n", milliseconds[250], milliseconds[495]);
}

}  // namespace
}  // namespace parley::daemon
