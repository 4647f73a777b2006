// How links agree, refuse, and notice that the other end has restarted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/error.h"
#include "link_pair.h"

namespace parley::wire {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

LinkSettings next_life(LinkSettings settings) {
  settings.incarnation.value += 1000;
  return settings;
}

TEST(Agreement, TakesOneRoundTripAndNoTimer) {
  LinkPair pair(Faults{.latency = 10ms});
  pair.run(20ms);
  for (std::size_t i : {0U, 1U}) {
    EXPECT_EQ(pair.link(i).state(), LinkState::agreed);
    ASSERT_EQ(pair.ends[i].all<Agreed>().size(), 1U);
    EXPECT_FALSE(pair.ends[i].all<Agreed>()[0].anew);
  }
}

TEST(Agreement, TellsTheOtherEndsRound) {
  LinkPair pair;
  pair.link(0).set_round({12});
  pair.run(10ms);
  EXPECT_EQ(pair.ends[1].all<Agreed>()[0].round.value, 12U);
}

TEST(Agreement, TheEndThatStartsLaterAgreesWithinOneRoundTripOfItsStart) {
  Link early(settings_of(0), Time{});
  early.take_outgoing();  // to nobody
  Link late(settings_of(1), 10s);
  for (int half_trip = 0; half_trip < 2; ++half_trip) {
    for (Outgoing& out : late.take_outgoing()) ASSERT_TRUE(early.on_message(out.message, {}, 10s).ok());
    for (Outgoing& out : early.take_outgoing()) ASSERT_TRUE(late.on_message(out.message, {}, 10s).ok());
  }
  EXPECT_EQ(early.state(), LinkState::agreed);
  EXPECT_EQ(late.state(), LinkState::agreed);
}

TEST(Agreement, AnUnansweredHelloIsRepeatedEverLessOften) {
  Link link(settings_of(0), Time{});
  std::vector<Time> moments;
  Time now{};
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ(link.take_outgoing().size(), 1U);
    moments.push_back(now);
    now = *link.deadline();
    link.on_time(now);
  }
  EXPECT_THAT(moments, ElementsAre(0ms, 200ms, 600ms, 1400ms, 3000ms, 6200ms, 9400ms, 12600ms));
}

TEST(Agreement, DifferentTermsAreRefusedAtBothEndsInTheSameWords) {
  LinkSettings first = settings_of(0), second = settings_of(1);
  first.terms[1].value = "topk(ratio=0.02)";
  LinkPair pair(Faults{.latency = 10ms}, 1, first, second);
  pair.run(1s);
  for (std::size_t i : {0U, 1U}) {
    EXPECT_EQ(pair.link(i).state(), LinkState::refused);
    EXPECT_EQ(pair.link(i).deadline(), std::nullopt);
    ASSERT_EQ(pair.ends[i].all<Refused>().size(), 1U);
    EXPECT_THAT(pair.ends[i].all<Refused>()[0].reason, HasSubstr("compression.operator differs: peer-"));
    EXPECT_THAT(pair.ends[i].all<Refused>()[0].reason, HasSubstr("peer-0 has \"topk(ratio=0.02)\""));
    EXPECT_THAT(pair.ends[i].all<Refused>()[0].reason, HasSubstr("peer-1 has \"topk(ratio=0.01)\""));
    EXPECT_TRUE(pair.ends[i].all<Agreed>().empty());
  }
}

TEST(Agreement, DifferencesAreRefusedAtBothEndsUnderAnyLuck) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    LinkSettings first = settings_of(0), second = settings_of(1);
    first.terms[0].value = "another swarm";
    LinkPair pair(Faults{.latency = 10ms, .drop = 0.5, .duplicate = 0.3, .delay = 0.3, .max_delay = 500ms}, seed, first,
                  second);
    pair.run(10min);
    for (std::size_t i : {0U, 1U}) {
      ASSERT_EQ(pair.link(i).state(), LinkState::refused) << "seed " << seed;
      ASSERT_EQ(pair.ends[i].all<Refused>().size(), 1U) << "seed " << seed;
    }
  }
}

TEST(Agreement, AnotherProtocolVersionOrNameIsRefused) {
  const auto reason = [](std::uint32_t version, const std::string& name) {
    Link link(settings_of(0), Time{});
    Message hello;
    hello.from = {1};
    hello.incarnation = {101};
    hello.to_incarnation = {100};
    hello.body = Hello{version, false, 1, 0, name, {0}, settings_of(1).terms};
    EXPECT_TRUE(link.on_message(hello, {}, Time{}).ok());
    EXPECT_EQ(link.state(), LinkState::refused);
    return std::get<Refused>(link.take_events().at(0)).reason;
  };
  EXPECT_EQ(reason(2, "peer-1"), "protocol version differs: peer-1 speaks 2, peer-0 speaks 1");
  EXPECT_EQ(reason(1, "peer-9"), "the roster differs: peer 1 calls itself \"peer-9\", peer-0 calls it \"peer-1\"");
}

TEST(Agreement, ARefusedPeerThatComesBackWithTheRightTermsIsAgreedWith) {
  LinkSettings wrong = settings_of(1);
  wrong.terms[1].value = "topk(ratio=0.02)";
  LinkPair pair(Faults{.latency = 10ms}, 1, settings_of(0), wrong);
  pair.run(1s);
  ASSERT_EQ(pair.link(0).state(), LinkState::refused);
  pair.restart(1, next_life(settings_of(1)));
  ASSERT_TRUE(pair.run_until_agreed());
  pair.send_difference(0, "a");
  pair.run(pair.now + 1s);
  EXPECT_THAT(pair.ends[1].delivered, ElementsAre("a"));
}

TEST(Agreement, WhatTheOtherEndSendsBeforeWeHaveAgreedIsNotLost) {
  Link link(settings_of(0), Time{});
  const auto say = [&](Body body, std::uint64_t to, std::uint64_t sequence) {
    Message message;
    message.from = {1};
    message.incarnation = {101};
    message.to_incarnation = {to};
    message.sequence = sequence;
    message.body = std::move(body);
    ASSERT_TRUE(link.on_message(message, {}, Time{}).ok());
  };
  const Hello hello{1, false, 1, 0, "peer-1", {0}, settings_of(1).terms};
  say(hello, 0, 0);
  say(Hold{{5}, {0}, 2}, 100, 1);
  EXPECT_TRUE(link.take_events().empty());
  say(hello, 100, 0);
  const std::vector<LinkEvent> events = link.take_events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<Agreed>(events[0]));
  EXPECT_EQ(std::get<Delivered>(events[1]).message.sequence, 1U);
}

TEST(Agreement, ARestartIsToldAndSequencesStartAgain) {
  LinkPair pair(Faults{.latency = 10ms});
  ASSERT_TRUE(pair.run_until_agreed());
  pair.send_difference(0, "before");
  pair.send_difference(1, "lost");
  pair.restart(1, next_life(settings_of(1)));
  pair.run(pair.now + 1s);
  ASSERT_EQ(pair.ends[0].all<Agreed>().size(), 2U);
  EXPECT_TRUE(pair.ends[0].all<Agreed>()[1].anew);
  EXPECT_TRUE(pair.link(0).all_acknowledged());
  pair.send_difference(0, "after");
  pair.run(pair.now + 1s);
  EXPECT_EQ(pair.ends[1].delivered.back(), "after");
}

// Each session's messages carry its two lives and a number; each end must see, per session, 0, 1, 2, ... and, after the
// last restart, all.
TEST(Agreement, RestartsUnderAnyLuckNeverMixSessions) {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    base::Random random(base::RandomKey{.seed = seed});
    LinkPair pair(Faults{.latency = 20ms, .drop = 0.2, .duplicate = 0.3, .delay = 0.3, .max_delay = 2s}, seed);
    std::array<LinkSettings, 2> settings = {settings_of(0), settings_of(1)};
    std::array<std::size_t, 2> agreements{};
    std::array<std::uint64_t, 2> sent{};
    const auto chat = [&] {
      for (std::size_t i : {0U, 1U}) {
        const std::size_t count = pair.ends[i].all<Agreed>().size();
        if (std::exchange(agreements[i], count) != count) sent[i] = 0;
        if (pair.link(i).state() == LinkState::agreed && pair.link(i).can_send() && random.below(4) == 0)
          pair.send_difference(i, std::to_string(settings[i].incarnation.value) + "." + std::to_string(count) + ":" +
                                      std::to_string(sent[i]++));
      }
      return false;
    };
    for (int restart = 0; restart < 6; ++restart) {
      pair.run(pair.now + std::chrono::milliseconds(random.below(8000)), chat);
      const std::size_t i = random.below(2);
      settings[i] = next_life(settings[i]);
      pair.restart(i, settings[i]);
    }
    pair.run(pair.now + 60s, chat);
    pair.run(pair.now + 60s, [&] { return pair.link(0).all_acknowledged() && pair.link(1).all_acknowledged(); });
    for (std::size_t i : {0U, 1U}) {
      ASSERT_EQ(pair.link(i).state(), LinkState::agreed) << "seed " << seed;
      ASSERT_TRUE(pair.link(i).all_acknowledged()) << "seed " << seed;
      std::map<std::string, std::uint64_t> next;
      for (const std::string& text : pair.ends[i].delivered) {
        const auto colon = text.find(':');
        ASSERT_EQ(text.substr(colon + 1), std::to_string(next[text.substr(0, colon)]++)) << "seed " << seed;
      }
      const std::size_t other = 1 - i;
      const std::string last =
          std::to_string(settings[other].incarnation.value) + "." + std::to_string(agreements[other]);
      ASSERT_EQ(next[last], sent[other]) << "seed " << seed;
      ASSERT_GT(sent[other], 0U) << "seed " << seed;
    }
  }
}

// Every frame of a session that was ever sent, sent again to the next one.
TEST(Agreement, FramesOfAnEarlierSessionChangeNothing) {
  std::array<std::unique_ptr<Link>, 2> links = {std::make_unique<Link>(settings_of(0), Time{}),
                                                std::make_unique<Link>(settings_of(1), Time{})};
  std::vector<std::pair<std::size_t, Message>> recorded;
  const auto pump = [&] {
    for (int i = 0; i < 10; ++i)
      for (std::size_t from : {0U, 1U})
        for (Outgoing& out : links[from]->take_outgoing()) {
          recorded.emplace_back(1 - from, out.message);
          ASSERT_TRUE(links[1 - from]->on_message(out.message, out.payload, Time{}).ok());
        }
  };
  pump();
  ASSERT_EQ(links[0]->state(), LinkState::agreed);
  for (std::size_t i : {0U, 1U}) links[i]->send(Hold{{1}, {0}, 2}, {}, Time{});
  links[0]->on_time(3s);
  pump();
  links[0]->send(Goodbye{{3}, ""}, {}, Time{});
  pump();

  const auto old = recorded;
  links = {std::make_unique<Link>(next_life(settings_of(0)), Time{}),
           std::make_unique<Link>(next_life(settings_of(1)), Time{})};
  pump();
  ASSERT_EQ(links[0]->state(), LinkState::agreed);
  for (Link* link : {links[0].get(), links[1].get()}) link->take_events();
  for (int repetition = 0; repetition < 3; ++repetition)
    for (const auto& [to, message] : old) ASSERT_TRUE(links[to]->on_message(message, {}, 1s).ok());
  for (std::size_t i : {0U, 1U}) {
    EXPECT_EQ(links[i]->state(), LinkState::agreed);
    EXPECT_TRUE(links[i]->take_events().empty());
    EXPECT_EQ(links[i]->statistics().offences, 0U);
  }
}

TEST(Agreement, AStormOfHellosIsAnsweredOneForOneAndEnds) {
  LinkPair pair(Faults{.latency = 1ms});
  ASSERT_TRUE(pair.run_until_agreed());
  Message hello;
  hello.from = {1};
  hello.incarnation = {101};
  hello.body = Hello{1, false, 1, 0, "peer-1", {0}, settings_of(1).terms};
  const std::uint64_t before = pair.ends[0].hellos + pair.ends[1].hellos;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(pair.link(0).on_message(hello, {}, pair.now).ok());
  pair.flush();
  pair.run(pair.now + 1s);
  EXPECT_LE(pair.ends[0].hellos + pair.ends[1].hellos - before, 1000U);
  const std::uint64_t after = pair.ends[0].hellos + pair.ends[1].hellos;
  pair.run(pair.now + 60s);
  EXPECT_EQ(pair.ends[0].hellos + pair.ends[1].hellos, after);
  EXPECT_EQ(pair.link(0).state(), LinkState::agreed);
}

// Two processes that claim to be the same peer: the later one is talked with, the earlier one is told, and they do not
// take turns.
TEST(Agreement, ASecondProcessOfTheSameNameReplacesTheFirstForGood) {
  MemoryNetwork unused(1, {}, 1);
  Link link(settings_of(0), Time{});
  Link first(settings_of(1), Time{}), second(next_life(settings_of(1)), Time{});
  Time now{};
  const auto pump = [&](Link& claimant) {
    for (Outgoing& out : claimant.take_outgoing()) ASSERT_TRUE(link.on_message(out.message, {}, now).ok());
    for (Outgoing& out : link.take_outgoing())
      for (Link* each : {&first, &second}) ASSERT_TRUE(each->on_message(out.message, {}, now).ok());
  };
  for (int i = 0; i < 5; ++i) pump(first);
  ASSERT_EQ(first.state(), LinkState::agreed);
  for (int i = 0; i < 5; ++i) pump(second);
  ASSERT_EQ(second.state(), LinkState::agreed);
  for (now = 1s; now < 60s; now += 500ms)
    for (Link* each : {&first, &second}) {
      each->on_time(now);
      pump(*each);
    }
  EXPECT_EQ(first.state(), LinkState::refused);
  EXPECT_EQ(second.state(), LinkState::agreed);
  std::string reason;
  for (const LinkEvent& event : first.take_events())
    if (const auto* refused = std::get_if<Refused>(&event)) reason = refused->reason;
  EXPECT_EQ(reason, "peer-0 talks with a later start of peer-1; are there two of that name?");
  std::size_t agreements = 0;
  for (const LinkEvent& event : link.take_events()) agreements += std::holds_alternative<Agreed>(event) ? 1 : 0;
  EXPECT_EQ(agreements, 2U);
}

TEST(Agreement, WhatCannotBeToldToThePeersIsAMistakeOfTheOperator) {
  LinkSettings settings = settings_of(0);
  settings.terms.push_back({"compression.operator2", std::string(kMaxTextBytes + 1, 'x')});
  try {
    Link link(settings, Time{});
    FAIL() << "accepted";
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(), HasSubstr("compression.operator2: cannot be told to other peers"));
  }
  settings.terms.pop_back();
  for (int i = 0; i < 20; ++i) settings.terms.push_back({"k" + std::to_string(i), std::string(1000, 'x')});
  EXPECT_THROW(Link(settings, Time{}), base::OperatorError);
}

// The largest greeting that the constructor lets pass fits into a header.
TEST(Agreement, TheLargestHelloThatIsAcceptedCanBeEncoded) {
  LinkSettings settings = settings_of(0);
  settings.self_name = std::string(kMaxTextBytes, 'n');
  settings.terms.clear();
  const std::size_t room = kMaxHeaderBytes - 256 - kMaxTextBytes - 32 * kMaxTerms;
  for (std::size_t i = 0; i < kMaxTerms; ++i) {
    std::string key = "k" + std::to_string(i);
    const std::size_t length = room / kMaxTerms - key.size();
    settings.terms.push_back({std::move(key), std::string(length, 'v')});
  }
  Link link(settings, Time{});
  EXPECT_LE(encode_header(link.take_outgoing().at(0).message).size(), kMaxHeaderBytes);
}

}  // namespace
}  // namespace parley::wire
