// An agreed link: order, loss, acknowledgement, silence, goodbye, offences.
#include "wire/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "link_pair.h"

namespace parley::wire {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

// A link that agreed with a peer whose every word the test speaks.
struct Puppet {
  explicit Puppet(LinkSettings settings = settings_of(0)) : link(std::move(settings), Time{}) {
    Message hello = from_peer(Hello{1, true, 1, 0, "peer-1", {0}, link.settings().terms});
    EXPECT_TRUE(link.on_message(hello, {}, now).ok());
    EXPECT_EQ(link.state(), LinkState::agreed);
    link.take_outgoing();
    link.take_events();
  }

  Message from_peer(Body body, std::uint64_t sequence = 0) const {
    Message message;
    message.from = {1};
    message.incarnation = {101};
    message.to_incarnation = {100};
    message.sequence = sequence;
    message.acknowledged = acknowledged;
    message.body = std::move(body);
    return message;
  }
  base::Result<void> say(Body body, std::uint64_t sequence = 0, const std::string& payload = {}) {
    return link.on_message(from_peer(std::move(body), sequence), payload.empty() ? Bytes{} : bytes_of(payload), now);
  }
  // What the link says, as names, with "(n)" for what it acknowledges.
  std::vector<std::string> heard() {
    std::vector<std::string> names;
    for (const Outgoing& out : link.take_outgoing())
      names.push_back(std::string(name_of(out.message.body)) + "(" + std::to_string(out.message.acknowledged) + ")");
    return names;
  }

  Time now{};
  std::uint64_t acknowledged = 1;
  Link link;
};

TEST(Link, DeliversInOrderAndAcknowledgesWithWhatItSendsAnyway) {
  LinkPair pair;
  ASSERT_TRUE(pair.run_until_agreed());
  pair.send_difference(0, "a");
  pair.send_difference(0, "b");
  pair.send_difference(1, "c");
  pair.run(pair.now + 500ms);
  EXPECT_THAT(pair.ends[1].delivered, ElementsAre("a", "b"));
  EXPECT_THAT(pair.ends[0].delivered, ElementsAre("c"));
  EXPECT_TRUE(pair.link(0).all_acknowledged());
  EXPECT_TRUE(pair.link(1).all_acknowledged());
  EXPECT_EQ(pair.link(0).statistics().sent, 2U);
  EXPECT_EQ(pair.link(0).statistics().received, 1U);
  EXPECT_EQ(pair.link(0).statistics().resent, 0U);
}

// The promise of wire/link.h under any luck, and no payload is kept longer than it must be.
TEST(Link, DeliversOnceAndInOrderOverAnyNetworkThatLosesRepeatsAndReorders) {
  constexpr std::size_t kMessages = 60;
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    base::Random random(base::RandomKey{.seed = seed});
    const Faults faults{.latency = std::chrono::milliseconds(random.below(50)),
                        .drop = 0.4 * random.uniform_double(),
                        .duplicate = 0.4 * random.uniform_double(),
                        .delay = 0.5 * random.uniform_double(),
                        .max_delay = std::chrono::milliseconds(1 + random.below(1000))};
    LinkSettings settings[] = {settings_of(0), settings_of(1)};
    for (LinkSettings& each : settings) each.window = 1 + random.below(20);
    LinkPair pair(faults, seed, settings[0], settings[1]);
    ASSERT_TRUE(pair.run_until_agreed()) << "seed " << seed;
    std::array<std::vector<std::string>, 2> expected;
    std::array<std::vector<std::weak_ptr<const std::byte>>, 2> payloads;
    const bool all = pair.run(pair.now + std::chrono::hours(5), [&] {
      for (std::size_t i : {0U, 1U})
        while (expected[i].size() < kMessages && pair.link(i).can_send()) {
          expected[i].push_back(std::to_string(expected[i].size()));
          const Bytes payload = bytes_of(expected[i].back());
          payloads[i].push_back(payload.owner);
          pair.link(i).send(Difference{}, payload, pair.now);
          pair.flush();
        }
      return expected[0].size() == kMessages && expected[1].size() == kMessages && pair.link(0).all_acknowledged() &&
             pair.link(1).all_acknowledged();
    });
    ASSERT_TRUE(all) << "seed " << seed;
    ASSERT_EQ(pair.ends[0].delivered, expected[1]) << "seed " << seed;
    ASSERT_EQ(pair.ends[1].delivered, expected[0]) << "seed " << seed;
    for (std::size_t i : {0U, 1U}) {
      ASSERT_EQ(pair.ends[i].refused_frames, 0U) << "seed " << seed;
      pair.network.forget({static_cast<std::uint32_t>(i)});
    }
    for (const auto& sent : payloads)
      for (const auto& payload : sent) ASSERT_TRUE(payload.expired()) << "seed " << seed;
  }
}

TEST(Link, AQuietLinkOverAPerfectNetworkRepeatsNothing) {
  LinkPair pair(Faults{.latency = 30ms});
  ASSERT_TRUE(pair.run_until_agreed());
  for (int i = 0; i < 100; ++i) {
    pair.send_difference(0, std::to_string(i));
    pair.run(pair.now + 1s);
  }
  EXPECT_EQ(pair.ends[1].delivered.size(), 100U);
  EXPECT_EQ(pair.link(0).statistics().resent, 0U);
  EXPECT_EQ(pair.link(1).statistics().duplicates, 0U);
  EXPECT_EQ(pair.link(1).statistics().gaps, 0U);
  ASSERT_TRUE(pair.link(0).statistics().round_trip);
  EXPECT_EQ(*pair.link(0).statistics().round_trip, 60ms);
}

// The time that a payload needs is not a loss: nothing is repeated, however much later than resend_after it arrives.
TEST(Link, ASlowConnectionIsNotMadeSlowerByRepetitions) {
  LinkPair pair(Faults{.latency = 8s});
  ASSERT_TRUE(pair.run_until_agreed());
  for (const char* text : {"a", "b", "c"}) pair.send_difference(0, text);
  pair.run(pair.now + 100s);
  EXPECT_THAT(pair.ends[1].delivered, ElementsAre("a", "b", "c"));
  EXPECT_TRUE(pair.link(0).all_acknowledged());
  EXPECT_EQ(pair.link(0).statistics().resent, 0U);
}

TEST(Link, AGapIsAskedForAtOnceAndOnlyWhatIsMissingIsRepeated) {
  LinkPair pair(Faults{.latency = 10ms});
  ASSERT_TRUE(pair.run_until_agreed());
  pair.run(pair.now + 100ms);
  pair.send_difference(0, "a");
  pair.network.set_faults(Faults{.latency = 10ms, .drop = 1});
  pair.send_difference(0, "b");
  pair.send_difference(0, "c");
  pair.network.set_faults(Faults{.latency = 10ms});
  pair.send_difference(0, "d");
  pair.run(pair.now + 30ms);  // there, the request back, the repetition there
  EXPECT_THAT(pair.ends[1].delivered, ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(pair.link(0).statistics().resent, 2U);
  EXPECT_EQ(pair.link(1).statistics().gaps, 1U);
}

TEST(Link, TheLastMessageIsRepeatedWhenAPingShowsThatItWasLost) {
  LinkPair pair(Faults{.latency = 10ms});
  ASSERT_TRUE(pair.run_until_agreed());
  pair.run(pair.now + 100ms);
  pair.network.set_faults(Faults{.latency = 10ms, .drop = 1});
  pair.send_difference(0, "a");
  pair.network.set_faults(Faults{.latency = 10ms});
  pair.run(pair.now + pair.link(0).settings().resend_after + 30ms);
  EXPECT_THAT(pair.ends[1].delivered, ElementsAre("a"));
  EXPECT_EQ(pair.link(0).statistics().resent, 1U);
}

TEST(Link, ADuplicateIsCountedAcknowledgedAgainAndNotDelivered) {
  Puppet puppet;
  ASSERT_TRUE(puppet.say(Difference{}, 1, "a").ok());
  puppet.now += 1s;
  puppet.link.on_time(puppet.now);
  puppet.heard();
  ASSERT_EQ(puppet.link.take_events().size(), 1U);
  ASSERT_TRUE(puppet.say(Difference{}, 1, "a").ok());
  EXPECT_THAT(puppet.heard(), ElementsAre("acknowledge(2)"));
  EXPECT_EQ(puppet.link.take_events().size(), 0U);
  EXPECT_EQ(puppet.link.statistics().duplicates, 1U);
}

TEST(Link, AnArrivalIsAcknowledgedAfterAWhileOrByTheNextMessage) {
  Puppet puppet;
  puppet.link.on_time(puppet.now);  // the first ping
  puppet.heard();
  ASSERT_TRUE(puppet.say(Difference{}, 1, "a").ok());
  EXPECT_THAT(puppet.heard(), ElementsAre());
  EXPECT_EQ(puppet.link.deadline(), 100ms);
  puppet.link.on_time(100ms);
  EXPECT_THAT(puppet.heard(), ElementsAre("acknowledge(2)"));

  ASSERT_TRUE(puppet.say(Difference{}, 2, "b").ok());
  puppet.link.send(Hold{}, {}, 150ms);
  EXPECT_THAT(puppet.heard(), ElementsAre("hold(3)"));
  puppet.link.on_time(200ms);
  EXPECT_THAT(puppet.heard(), ElementsAre());
}

TEST(Link, AStreamIsAcknowledgedBeforeTheSendersWindowIsFull) {
  LinkSettings first = settings_of(0), second = settings_of(1);
  first.window = second.window = 8;
  LinkPair pair(Faults{.latency = 1ms}, 1, first, second);
  ASSERT_TRUE(pair.run_until_agreed());
  std::size_t sent = 0;
  const Time start = pair.now;
  // 800 messages take 100 windows of one round trip each, and never the 100 ms of the timer.
  EXPECT_TRUE(pair.run(start + 100 * 2ms + 50ms, [&] {
    while (sent < 800 && pair.link(0).can_send()) pair.send_difference(0, std::to_string(sent++));
    return pair.ends[1].delivered.size() == 800;
  }));
}

TEST(Link, AFullWindowStopsTheSenderAndMemoryStaysBounded) {
  LinkPair pair;
  ASSERT_TRUE(pair.run_until_agreed());
  pair.network.cut({0}, {1}, true);
  const auto owner = std::make_shared<std::byte>();
  for (std::uint32_t i = 0; i < pair.link(0).settings().window; ++i) {
    ASSERT_TRUE(pair.link(0).can_send());
    pair.link(0).send(Difference{}, Bytes{owner, {owner.get(), 1}}, pair.now);
    pair.flush();
  }
  EXPECT_FALSE(pair.link(0).can_send());
  pair.run(pair.now + std::chrono::hours(1));
  EXPECT_EQ(owner.use_count(), 1 + static_cast<long>(pair.link(0).settings().window));
  EXPECT_LT(pair.ends[0].frames, 3700U);  // an hour of silence: pings every 2 s, some asking after the window
  pair.network.cut({0}, {1}, false);
  pair.run(pair.now + 10s);
  EXPECT_TRUE(pair.link(0).all_acknowledged());
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(Link, SilenceMakesALinkSuspectAndAWordMakesItAgreedAgain) {
  LinkPair pair;
  ASSERT_TRUE(pair.run_until_agreed());
  pair.network.cut({0}, {1}, true);
  pair.run(pair.now + pair.link(0).settings().suspect_after - 1ms - 2s);
  EXPECT_EQ(pair.link(0).state(), LinkState::agreed);
  pair.run(pair.now + 2s + 2ms);
  EXPECT_EQ(pair.link(0).state(), LinkState::suspect);
  EXPECT_TRUE(pair.link(0).can_send());
  pair.send_difference(0, "kept");
  pair.run(pair.now + 60s);
  pair.network.cut({0}, {1}, false);
  pair.run(pair.now + 10s);
  EXPECT_EQ(pair.link(0).state(), LinkState::agreed);
  EXPECT_THAT(pair.ends[1].delivered, ElementsAre("kept"));
}

TEST(Link, AGoodbyeClosesBothEndsOnceItIsAcknowledged) {
  LinkPair pair(Faults{.latency = 10ms});
  ASSERT_TRUE(pair.run_until_agreed());
  pair.send_difference(0, "last");
  pair.send(0, Goodbye{{7}, "done"});
  EXPECT_FALSE(pair.link(0).can_send());
  EXPECT_EQ(pair.link(0).state(), LinkState::agreed);
  pair.run(pair.now + 25ms);
  EXPECT_EQ(pair.link(0).state(), LinkState::closed);
  EXPECT_EQ(pair.link(1).state(), LinkState::closed);
  EXPECT_THAT(pair.ends[1].delivered, ElementsAre("last"));
  ASSERT_EQ(pair.ends[1].all<Left>().size(), 1U);
  EXPECT_EQ(pair.ends[1].all<Left>()[0].round.value, 7U);
  EXPECT_EQ(pair.ends[1].all<Left>()[0].reason, "done");
  for (std::size_t i : {0U, 1U}) EXPECT_EQ(pair.link(i).deadline(), std::nullopt);
}

TEST(Link, AGoodbyeIsSaidEvenWhenTheWindowIsFull) {
  LinkPair pair(Faults{.latency = 10ms});
  ASSERT_TRUE(pair.run_until_agreed());
  while (pair.link(0).can_send()) pair.send_difference(0, "x");
  pair.send(0, Goodbye{{7}, "loss is NaN\n"});
  pair.run(pair.now + 1s);
  ASSERT_EQ(pair.ends[1].all<Left>().size(), 1U);
  EXPECT_EQ(pair.ends[1].all<Left>()[0].reason, "loss is NaN?");
}

TEST(Link, GoodbyesThatCrossCloseBothEndsUnderAnyLuck) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    LinkPair pair(Faults{.latency = 10ms, .drop = 0.4, .duplicate = 0.3, .delay = 0.3, .max_delay = 500ms}, seed);
    ASSERT_TRUE(pair.run_until_agreed());
    for (std::size_t i : {0U, 1U}) {
      pair.send_difference(i, "last");
      pair.send(i, Goodbye{{7}, ""});
    }
    pair.run(pair.now + std::chrono::hours(1));
    for (std::size_t i : {0U, 1U}) {
      ASSERT_EQ(pair.link(i).state(), LinkState::closed) << "seed " << seed;
      ASSERT_LE(pair.ends[i].all<Left>().size(), 1U) << "seed " << seed;
    }
  }
}

TEST(Link, WhoSaidGoodbyeIsStillAcknowledged) {
  Puppet puppet;
  ASSERT_TRUE(puppet.say(Goodbye{{3}, ""}, 1).ok());
  EXPECT_THAT(puppet.heard(), ElementsAre("acknowledge(2)"));
  EXPECT_EQ(puppet.link.state(), LinkState::closed);
  ASSERT_TRUE(puppet.say(Goodbye{{3}, ""}, 1).ok());
  ASSERT_TRUE(puppet.say(Ping{9}).ok());
  EXPECT_THAT(puppet.heard(), ElementsAre("pong(2)"));
  EXPECT_EQ(puppet.say(Hold{}, 2).refusal().reason, "after_goodbye");
}

TEST(Link, ImpossibleMessagesAreOffencesAndChangeNothing) {
  Puppet puppet;
  puppet.link.send(Hold{}, {}, puppet.now);
  puppet.link.take_outgoing();
  const std::string large(puppet.link.settings().max_payload + 1, 'x');
  EXPECT_EQ(puppet.say(Difference{}, 1, large).refusal().reason, "payload_too_large");
  Message other = puppet.from_peer(Ping{1});
  other.from = {2};
  EXPECT_EQ(puppet.link.on_message(other, {}, puppet.now).refusal().reason, "wrong_sender");
  puppet.acknowledged = 3;
  EXPECT_EQ(puppet.say(Difference{}, 1, "a").refusal().reason, "impossible_acknowledgement");
  EXPECT_EQ(puppet.say(Hello{1, true, 1, 0, "peer-1", {0}, puppet.link.settings().terms}).refusal().reason,
            "impossible_acknowledgement");
  puppet.acknowledged = 1;
  EXPECT_EQ(puppet.say(Acknowledge{2}).refusal().reason, "impossible_request");
  puppet.acknowledged = 0;
  EXPECT_EQ(puppet.say(Acknowledge{1}).refusal().reason, "impossible_request");
  EXPECT_EQ(puppet.link.statistics().offences, 6U);
  EXPECT_EQ(puppet.link.statistics().received, 0U);
  EXPECT_FALSE(puppet.link.all_acknowledged());
  EXPECT_EQ(puppet.link.take_events().size(), 0U);
  EXPECT_THAT(puppet.heard(), ElementsAre());
}

TEST(Link, TooManyOffencesAreRefusedAndBothEndsKnow) {
  LinkPair pair;
  ASSERT_TRUE(pair.run_until_agreed());
  for (std::uint32_t i = 1; i < pair.link(0).settings().max_offences; ++i) pair.link(0).on_offence(pair.now);
  EXPECT_EQ(pair.link(0).state(), LinkState::agreed);
  pair.link(0).on_offence(pair.now, "payload_hash_differs");
  pair.flush();
  pair.run(pair.now + 1s);
  for (std::size_t i : {0U, 1U}) {
    EXPECT_EQ(pair.link(i).state(), LinkState::refused);
    ASSERT_EQ(pair.ends[i].all<Refused>().size(), 1U);
    EXPECT_EQ(pair.ends[i].all<Refused>()[0].by_peer, i == 1);
    EXPECT_EQ(pair.ends[i].all<Refused>()[0].reason,
              "peer-0 refuses peer-1 after 16 messages that cannot be right, the last one: payload_hash_differs");
  }
}

// A request that the network repeats must not make the sender repeat payloads each time.
TEST(Link, RequestsThatAreRepeatedDoNotMultiplyPayloads) {
  Puppet puppet;
  for (int i = 0; i < 3; ++i) puppet.link.send(Difference{}, bytes_of("x"), puppet.now);
  puppet.link.take_outgoing();
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(puppet.say(Acknowledge{3}).ok());
  EXPECT_EQ(puppet.link.take_outgoing().size(), 3U);
}

TEST(Link, SteadyTrafficReusesItsMemory) {
  LinkPair pair;
  ASSERT_TRUE(pair.run_until_agreed());
  std::vector<Outgoing> outgoing;
  std::vector<LinkEvent> events;
  const auto exchange = [&] {
    for (std::size_t i : {0U, 1U}) {
      pair.link(i).send(Hold{}, {}, pair.now);
      pair.link(i).take_outgoing(outgoing);
      for (Outgoing& out : outgoing) ASSERT_TRUE(pair.link(1 - i).on_message(out.message, {}, pair.now).ok());
      pair.link(1 - i).take_events(events);
      ASSERT_EQ(events.size(), 1U);
    }
  };
  exchange();
  const std::size_t capacity = outgoing.capacity();
  for (int i = 0; i < 1000; ++i) exchange();
  EXPECT_LE(outgoing.capacity(), std::max<std::size_t>(capacity, 8));
  EXPECT_EQ(pair.link(0).statistics().received, 1001U);
}

}  // namespace
}  // namespace parley::wire
