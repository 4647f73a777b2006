#include "gossip/node.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "gossip/task.h"
#include "local_swarm.h"

namespace parley::gossip {
namespace {

/// Writes down what a node asks for and does nothing.
class RecordingHost final : public Host {
 public:
  void broadcast(const Announcement& announcement, const Payload& payload, std::span<const base::PeerId> to) override {
    sent.push_back({announcement, payload, {to.begin(), to.end()}});
  }
  void hold(const Announcement& announcement, std::span<const base::PeerId> to) override {
    holds.push_back({announcement, {}, {to.begin(), to.end()}});
  }
  void begin(Work work) override { begun.push_back(work); }
  void offence(base::PeerId from, const base::Refusal&) override { offenders.push_back(from); }
  void round_finished(const RoundReport&) override {}
  Duration now() const override { return Duration{}; }

  struct Sent {
    Announcement announcement;
    Payload payload;
    std::vector<base::PeerId> to;
  };
  std::vector<Sent> sent, holds;
  std::vector<Work> begun;
  std::vector<base::PeerId> offenders;
};

/// Node 1 with the neighbours 0, 2 and 5.
class NodeTest : public ::testing::Test {
 protected:
  QuadraticLearner learner{{1, 1, 1}, {1, 2, 3}};
  std::unique_ptr<learning::Optimizer> optimizer = learning::make_optimizer("sgd", 3);
  std::unique_ptr<learning::Decay> decay = learning::make_decay("constant", 0);
  std::unique_ptr<compression::Compressor> compressor = compression::make_compressor("identity", learner.layout());
  topology::ListedSchedule schedule{6, {topology::both_ways({{0, 1}, {1, 2}, {1, 5}})}};
  RecordingHost host;
  Node node{NodeParts{.self = base::PeerId{1},
                      .seed = 1,
                      .learner = learner,
                      .optimizer = *optimizer,
                      .decay = *decay,
                      .learning_rate = 0.5,
                      .compressor = *compressor,
                      .schedule = schedule,
                      .weight =
                          [](const topology::Arc& arc) {
                            return 1.0 / (1.0 + static_cast<double>(std::max(arc.from_degree, arc.to_degree)));
                          },
                      .host = host}};

  static Announcement announce(std::uint64_t round, std::uint32_t degree = 2) {
    return {.id = {base::Round{round}, base::Phase{0}}, .degree = degree, .contraction = 0.5f};
  }
  static Payload floats(std::vector<float> values) {
    auto owner = std::make_shared<std::vector<float>>(std::move(values));
    const auto bytes = std::as_bytes(std::span(*owner));
    return {{owner, bytes.data()}, bytes};
  }
};

Task<> one_exchange(Node& node, std::vector<base::PeerId>& from, std::vector<float>& weights) {
  const Inbox inbox = co_await node.exchange(node.compress(node.x()));
  for (const Received& m : inbox) {
    from.push_back(m.from);
    weights.push_back(m.weight);
  }
  node.finish_round();
}

TEST_F(NodeTest, ExchangeEndsWhenEveryNeighbourWasHeardAndGivesThemInAscendingOrder) {
  std::vector<base::PeerId> from;
  std::vector<float> weights;
  Task<> task = one_exchange(node, from, weights);
  task.start();
  ASSERT_EQ(host.sent.size(), 1u);
  EXPECT_EQ(host.sent[0].to, (std::vector<base::PeerId>{base::PeerId{0}, base::PeerId{2}, base::PeerId{5}}));
  EXPECT_EQ(host.sent[0].announcement.degree, 3u);
  EXPECT_TRUE(node.receive(base::PeerId{5}, announce(0, 2), floats({1, 2, 3})).ok());
  EXPECT_TRUE(node.receive(base::PeerId{0}, announce(0, 7), floats({1, 2, 3})).ok());
  EXPECT_EQ(node.waiting_for(), std::vector<base::PeerId>{base::PeerId{2}});
  EXPECT_FALSE(task.done());
  EXPECT_TRUE(node.receive(base::PeerId{2}, announce(0, 3), floats({1, 2, 3})).ok());
  EXPECT_TRUE(task.done());
  EXPECT_EQ(from, (std::vector<base::PeerId>{base::PeerId{0}, base::PeerId{2}, base::PeerId{5}}));
  // Metropolis-Hastings from the larger of the two announced degrees.
  EXPECT_EQ(weights, (std::vector<float>{1.0f / 8, 1.0f / 4, 1.0f / 4}));
}

TEST_F(NodeTest, AMessageOfTheNextExchangeWaitsForItsTurn) {
  std::vector<base::PeerId> from;
  std::vector<float> weights;
  Task<> first = one_exchange(node, from, weights);
  first.start();
  for (std::uint32_t peer : {0u, 2u})
    ASSERT_TRUE(node.receive(base::PeerId{peer}, announce(0), floats({0, 0, 0})).ok());
  ASSERT_TRUE(node.receive(base::PeerId{5}, announce(0), floats({0, 0, 0})).ok());
  ASSERT_TRUE(first.done());
  for (std::uint32_t peer : {0u, 2u, 5u})
    ASSERT_TRUE(node.receive(base::PeerId{peer}, announce(1), floats({0, 0, 0})).ok());
  Task<> second = one_exchange(node, from, weights);
  second.start();
  EXPECT_TRUE(second.done()) << "everything was there already";
}

TEST_F(NodeTest, ImpossibleMessagesAreRefusedAndChangeNothing) {
  const auto refused = [&](std::uint32_t peer, const Announcement& announcement) {
    const auto result = node.receive(base::PeerId{peer}, announcement, floats({0, 0, 0}));
    return result.ok() ? std::string("accepted") : std::string(result.refusal().reason);
  };
  EXPECT_EQ(refused(3, announce(0)), "not_a_neighbour");
  EXPECT_EQ(refused(0, announce(2)), "exchange_out_of_range");
  EXPECT_EQ(refused(0, announce(0, 0)), "degree_out_of_range");
  Announcement bad = announce(0);
  for (float contraction :
       {-0.1f, 1.5f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    bad.contraction = contraction;
    EXPECT_EQ(refused(0, bad), "contraction_out_of_range");
  }
  EXPECT_EQ(refused(0, announce(0)), "accepted");
  EXPECT_EQ(refused(0, announce(0)), "exchange_out_of_range") << "the same exchange again";
  EXPECT_EQ(refused(0, announce(1)), "accepted");
  EXPECT_EQ(refused(0, announce(2)), "exchange_out_of_range");
}

TEST_F(NodeTest, ANeighbourThatLeavesIsNotWaitedForAndLowersTheDegree) {
  std::vector<base::PeerId> from;
  std::vector<float> weights;
  Task<> first = one_exchange(node, from, weights);
  first.start();
  ASSERT_TRUE(node.receive(base::PeerId{0}, announce(0), floats({0, 0, 0})).ok());
  ASSERT_TRUE(node.receive(base::PeerId{2}, announce(0), floats({0, 0, 0})).ok());
  node.left(base::PeerId{5}, base::Round{0});
  ASSERT_TRUE(first.done());
  EXPECT_EQ(from, (std::vector<base::PeerId>{base::PeerId{0}, base::PeerId{2}}));
  Task<> second = one_exchange(node, from, weights);
  second.start();
  EXPECT_EQ(host.sent.back().announcement.degree, 2u);
  EXPECT_EQ(host.sent.back().to, (std::vector<base::PeerId>{base::PeerId{0}, base::PeerId{2}}));
}

Task<> three_rounds(Node& node, std::vector<std::vector<base::PeerId>>& from) {
  for (int round = 0; round < 3; ++round) {
    std::vector<Payload> payloads;
    for (base::PeerId peer : node.recipients()) payloads.push_back(node.compress_for(peer, node.x()));
    std::vector<base::PeerId>& heard = from.emplace_back();
    for (const Received& m : co_await node.exchange_each(payloads)) heard.push_back(m.from);
    node.finish_round();
  }
}

TEST_F(NodeTest, OnAChangingGraphEveryRoundHasItsOwnNeighboursWhoMayBeFarAhead) {
  const topology::ListedSchedule changing{
      6, {topology::both_ways({{0, 1}, {1, 2}}), topology::both_ways({{3, 4}}), topology::both_ways({{1, 2}})}};
  Node wandering{NodeParts{.self = base::PeerId{1},
                           .seed = 1,
                           .learner = learner,
                           .optimizer = *optimizer,
                           .decay = *decay,
                           .learning_rate = 0.5,
                           .compressor = *compressor,
                           .schedule = changing,
                           .weight = [](const topology::Arc&) { return 0.5; },
                           .host = host}};
  std::vector<std::vector<base::PeerId>> from;
  Task<> task = three_rounds(wandering, from);
  task.start();
  ASSERT_EQ(host.sent.size(), 2u) << "each has a payload of its own";
  EXPECT_EQ(host.sent[0].to, std::vector{base::PeerId{0}});
  EXPECT_EQ(host.sent[1].to, std::vector{base::PeerId{2}});
  // Peer 2 is two rounds ahead: nobody holds it in round 1.
  EXPECT_TRUE(wandering.receive(base::PeerId{2}, announce(0), floats({0, 0, 0})).ok());
  EXPECT_EQ(wandering.receive(base::PeerId{2}, announce(1), floats({0, 0, 0})).refusal().reason, "not_a_sender");
  EXPECT_TRUE(wandering.receive(base::PeerId{2}, announce(2), floats({0, 0, 0})).ok());
  EXPECT_EQ(wandering.receive(base::PeerId{2}, announce(3), floats({0, 0, 0})).refusal().reason,
            "exchange_out_of_range")
      << "it has not heard of this node's round 2";
  EXPECT_EQ(wandering.receive(base::PeerId{3}, announce(1), floats({0, 0, 0})).refusal().reason, "not_a_neighbour");
  EXPECT_FALSE(task.done());
  EXPECT_TRUE(wandering.receive(base::PeerId{0}, announce(0), floats({0, 0, 0})).ok());
  EXPECT_TRUE(task.done()) << "round 1 has nobody, and the message of round 2 is there";
  EXPECT_EQ(from, (std::vector<std::vector<base::PeerId>>{{{0}, {2}}, {}, {{2}}}));
}

TEST_F(NodeTest, InOneDirectionItSendsToSomeAndHearsOthers) {
  const topology::ListedSchedule one_way{6, {{{0, 1}, {1, 2}, {5, 1}}}};
  Node between{NodeParts{.self = base::PeerId{1},
                         .seed = 1,
                         .learner = learner,
                         .optimizer = *optimizer,
                         .decay = *decay,
                         .learning_rate = 0.5,
                         .compressor = *compressor,
                         .schedule = one_way,
                         .weight =
                             [](const topology::Arc& arc) {
                               return 1.0 / (1 + 10 * static_cast<double>(arc.from_degree) +
                                             static_cast<double>(arc.to_degree));
                             },
                         .host = host}};
  std::vector<base::PeerId> from;
  std::vector<float> weights;
  Task<> task = one_exchange(between, from, weights);
  task.start();
  EXPECT_EQ(host.sent.back().to, std::vector{base::PeerId{2}});
  EXPECT_EQ(host.sent.back().announcement.degree, 1u) << "peers that it sends to";
  EXPECT_EQ(between.receive(base::PeerId{2}, announce(0), floats({0, 0, 0})).refusal().reason, "not_a_sender");
  EXPECT_TRUE(between.receive(base::PeerId{0}, announce(0, 3), floats({0, 0, 0})).ok());
  EXPECT_TRUE(between.receive(base::PeerId{5}, announce(0, 4), floats({0, 0, 0})).ok());
  EXPECT_TRUE(task.done());
  EXPECT_EQ(weights, (std::vector<float>{1.0f / 33, 1.0f / 43})) << "from the sender's degree and its own";
  // Who sends to it without hearing from it is told how far it has come.
  ASSERT_EQ(host.holds.size(), 2u);
  EXPECT_EQ(host.holds[0].to, std::vector{base::PeerId{0}});
  EXPECT_EQ(host.holds[1].to, std::vector{base::PeerId{5}});
}

TEST_F(NodeTest, WhoOnlySendsIsNeverMoreThanThreeMessagesAheadOfWhoOnlyListens) {
  const topology::ListedSchedule one_way{3, {{{1, 2}}}};
  Node sender{NodeParts{.self = base::PeerId{1},
                        .seed = 1,
                        .learner = learner,
                        .optimizer = *optimizer,
                        .decay = *decay,
                        .learning_rate = 0.5,
                        .compressor = *compressor,
                        .schedule = one_way,
                        .weight = [](const topology::Arc&) { return 0.5; },
                        .host = host}};
  const auto held = [&](std::uint64_t round) {
    return sender.held(base::PeerId{2}, {base::Round{round}, base::Phase{0}});
  };
  std::vector<base::PeerId> from;
  std::vector<float> weights;
  std::vector<Task<>> tasks;
  const auto rounds_done = [&] { return sender.round().value; };
  const auto go_on = [&] {
    while (tasks.empty() || tasks.back().done()) {
      tasks.push_back(one_exchange(sender, from, weights));
      tasks.back().start();
    }
  };
  go_on();
  EXPECT_EQ(rounds_done(), 2u) << "of three exchanges the last waits";
  EXPECT_EQ(sender.waiting_for(), std::vector{base::PeerId{2}});
  ASSERT_TRUE(held(0).ok());
  go_on();
  EXPECT_EQ(rounds_done(), 3u);
  // The listener catches up, and begins an exchange before its message is sent.
  for (std::uint64_t round : {1u, 2u, 3u, 4u}) ASSERT_TRUE(held(round).ok());
  go_on();
  EXPECT_EQ(rounds_done(), 7u) << "exchange 4 was answered before it began";
  EXPECT_EQ(sender.held(base::PeerId{0}, {}).refusal().reason, "not_a_neighbour");
  sender.left(base::PeerId{2}, base::Round{7});
  EXPECT_EQ(rounds_done(), 8u) << "nobody waits for who has left";
}

Task<> decode_all(Node& node, std::vector<float>& sum, std::vector<bool>& decoded) {
  for (Received& m : co_await node.exchange(node.compress(node.x()))) decoded.push_back(node.decode(m, 1.0f, sum));
  node.finish_round();
}

TEST_F(NodeTest, ANeighbourWhosePayloadCannotBeDecodedIsReportedAndLeftOut) {
  std::vector<float> sum(3);
  std::vector<bool> decoded;
  Task<> task = decode_all(node, sum, decoded);
  task.start();
  ASSERT_TRUE(node.receive(base::PeerId{0}, announce(0), floats({1, 2, 3})).ok());
  ASSERT_TRUE(node.receive(base::PeerId{2}, announce(0), floats({1, std::numeric_limits<float>::infinity(), 3})).ok());
  ASSERT_TRUE(node.receive(base::PeerId{5}, announce(0), floats({1, 2})).ok());
  ASSERT_TRUE(task.done());
  EXPECT_EQ(decoded, (std::vector<bool>{true, false, false}));
  EXPECT_EQ(sum, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(host.offenders, (std::vector<base::PeerId>{base::PeerId{2}, base::PeerId{5}}));
  Task<> next = decode_all(node, sum, decoded);
  next.start();
  EXPECT_EQ(host.sent.back().to, std::vector<base::PeerId>{base::PeerId{0}});
}

TEST_F(NodeTest, AModelThatWasSentAsItIsNeverChanges) {
  const std::vector<float> start(node.x().begin(), node.x().end());
  const Payload sent = node.compress(node.x());
  EXPECT_EQ(static_cast<const void*>(sent.bytes.data()), static_cast<const void*>(node.x().data())) << "no copy";
  EXPECT_DEATH(node.mutable_x(), "is_x_shared_");
  for (int round = 0; round < 5; ++round) {
    const std::span<float> next = node.next_x();
    EXPECT_NE(next.data(), node.x().data());
    EXPECT_NE(static_cast<const void*>(next.data()), static_cast<const void*>(sent.bytes.data()));
    std::fill(next.begin(), next.end(), static_cast<float>(round));
    node.advance_x();
    EXPECT_EQ(node.x()[0], static_cast<float>(round));
    node.mutable_x()[0] = -1;
    EXPECT_EQ(std::memcmp(sent.bytes.data(), start.data(), sent.bytes.size()), 0);
  }
}

Task<> gradient_of(Node& node, std::vector<float>& copy) {
  const auto g = co_await node.gradient();
  copy.assign(g.begin(), g.end());
}

TEST_F(NodeTest, AGradientIsAwaitedUntilItsWorkIsCompleted) {
  std::vector<float> g;
  Task<> task = gradient_of(node, g);
  task.start();
  ASSERT_EQ(host.begun, std::vector<Work>{Work::gradient});
  EXPECT_FALSE(task.done());
  EXPECT_DEATH(node.mutable_x(), "is_idle") << "the worker reads x";
  node.perform(Work::gradient);
  EXPECT_FALSE(task.done());
  node.completed(Work::gradient);
  EXPECT_TRUE(task.done());
  EXPECT_EQ(g, (std::vector<float>{-1, -2, -3}));
}

}  // namespace
}  // namespace parley::gossip
