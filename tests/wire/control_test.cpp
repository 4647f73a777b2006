// The control codec: whatever a peer can say arrives as it was said, and whatever else arrives is refused by name.
#include "wire/control.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "wire/text.h"

namespace parley::wire {
namespace {

base::Random random_of(std::uint64_t seed) {
  return base::Random({.seed = seed, .stream = base::Stream::test});
}

/// Any double at all: NaN, infinities and subnormals included.
double any_double(base::Random& random) {
  if (random.below(4) == 0) return kUnknown;
  return std::bit_cast<double>(random.bits64());
}

double any_duration(base::Random& random) {
  return random.below(8) == 0 ? 0.0 : std::ldexp(random.uniform_double(), static_cast<int>(random.below(60)) - 30);
}

double duration_or_unknown(base::Random& random) {
  return random.below(4) == 0 ? kUnknown : any_duration(random);
}

std::string any_text(base::Random& random, std::size_t max_bytes) {
  static const std::vector<std::string> characters = {"a", "Z", "7", " ", "\"", "\\", "é", "Δ", "木", "𝛿"};
  std::string text;
  for (std::uint32_t left = random.below(12); left > 0; --left)
    text += characters[random.below(static_cast<std::uint32_t>(characters.size()))];
  if (random.below(10) == 0) text.append(max_bytes - text.size(), 'x');
  return text;
}

TrafficBytes any_traffic(base::Random& random) {
  return {random.bits64(), random.bits64(), random.bits(), random.below(3)};
}

NeighbourStatus any_neighbour(base::Random& random) {
  NeighbourStatus n;
  n.name = any_text(random, kMaxControlName);
  n.endpoint = any_text(random, kMaxControlName);
  n.state = static_cast<LinkState>(random.below(5));
  n.weight = random.normal();
  if (random.below(4) != 0) {
    n.round = random.bits64();
    n.round_lag = static_cast<std::int64_t>(random.bits64());
  }
  n.rtt_seconds = duration_or_unknown(random);
  n.last_heard_seconds = duration_or_unknown(random);
  n.sent = any_traffic(random);
  n.received = any_traffic(random);
  n.resent = random.bits64();
  n.duplicates = random.bits();
  n.offences = random.below(5);
  return n;
}

PeerStatus any_status(std::uint64_t seed) {
  base::Random random = random_of(seed);
  PeerStatus s;
  s.name = any_text(random, kMaxControlName);
  s.swarm = any_text(random, kMaxControlName);
  s.config_hash = any_text(random, kMaxControlName);
  s.state = static_cast<PeerState>(random.below(kPeerStates));
  s.failure = any_text(random, kMaxControlReason);
  s.pid = random.bits();
  s.uptime_seconds = any_duration(random);
  s.round = random.bits64();
  s.rounds = random.bits64();
  s.model_hash = any_text(random, kMaxControlName);
  s.loss = any_double(random);
  s.train_loss = any_double(random);
  s.test_loss = any_double(random);
  s.test_accuracy = random.below(3) == 0 ? kUnknown : random.uniform_double();
  s.consensus_distance = any_double(random);
  s.sent = any_traffic(random);
  s.received = any_traffic(random);
  s.seconds = {any_duration(random), any_duration(random), any_duration(random), any_duration(random),
               any_duration(random)};
  s.max_rss_bytes = random.bits64();
  s.waiting_seconds = any_duration(random);
  for (std::uint32_t n = random.below(4); n > 0; --n) s.waiting_for.push_back(any_text(random, kMaxControlName));
  for (std::uint32_t n = random.below(5); n > 0; --n) s.neighbours.push_back(any_neighbour(random));
  return s;
}

/// Equal, or both not a number. (The bits of a NaN are not part of the protocol.)
void expect_same(double a, double b) {
  const bool same = a == b || (std::isnan(a) && std::isnan(b));
  EXPECT_TRUE(same) << a << " and " << b;
}

void expect_same(const NeighbourStatus& a, const NeighbourStatus& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.endpoint, b.endpoint);
  EXPECT_EQ(a.state, b.state);
  expect_same(a.weight, b.weight);
  EXPECT_EQ(a.round, b.round);
  EXPECT_EQ(a.round_lag, b.round_lag);
  expect_same(a.rtt_seconds, b.rtt_seconds);
  expect_same(a.last_heard_seconds, b.last_heard_seconds);
  EXPECT_EQ(a.sent, b.sent);
  EXPECT_EQ(a.received, b.received);
  EXPECT_EQ(a.resent, b.resent);
  EXPECT_EQ(a.duplicates, b.duplicates);
  EXPECT_EQ(a.offences, b.offences);
}

void expect_same(const PeerStatus& a, const PeerStatus& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.swarm, b.swarm);
  EXPECT_EQ(a.config_hash, b.config_hash);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.failure, b.failure);
  EXPECT_EQ(a.pid, b.pid);
  expect_same(a.uptime_seconds, b.uptime_seconds);
  EXPECT_EQ(a.round, b.round);
  EXPECT_EQ(a.rounds, b.rounds);
  EXPECT_EQ(a.model_hash, b.model_hash);
  expect_same(a.loss, b.loss);
  expect_same(a.train_loss, b.train_loss);
  expect_same(a.test_loss, b.test_loss);
  expect_same(a.test_accuracy, b.test_accuracy);
  expect_same(a.consensus_distance, b.consensus_distance);
  EXPECT_EQ(a.sent, b.sent);
  EXPECT_EQ(a.received, b.received);
  expect_same(a.seconds.compute, b.seconds.compute);
  expect_same(a.seconds.encode, b.seconds.encode);
  expect_same(a.seconds.wait, b.seconds.wait);
  expect_same(a.seconds.decode, b.seconds.decode);
  expect_same(a.seconds.mix, b.seconds.mix);
  EXPECT_EQ(a.max_rss_bytes, b.max_rss_bytes);
  expect_same(a.waiting_seconds, b.waiting_seconds);
  EXPECT_EQ(a.waiting_for, b.waiting_for);
  ASSERT_EQ(a.neighbours.size(), b.neighbours.size());
  for (std::size_t i = 0; i < a.neighbours.size(); ++i) expect_same(a.neighbours[i], b.neighbours[i]);
}

TEST(ControlCodec, RequestsArriveAsTheyWereSent) {
  const auto status = decode_request(encode_request({.id = 7, .ask = AskStatus{}}));
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->id, 7U);
  EXPECT_TRUE(std::holds_alternative<AskStatus>(status->ask));

  const auto stop = decode_request(encode_request({.id = std::uint64_t{1} << 63U, .ask = AskStop{}}));
  ASSERT_TRUE(stop.ok());
  EXPECT_EQ(stop->id, std::uint64_t{1} << 63U);
  EXPECT_TRUE(std::holds_alternative<AskStop>(stop->ask));
}

TEST(ControlCodec, EveryStatusArrivesAsItWasSaid) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    const PeerStatus status = any_status(seed);
    const auto reply = decode_reply(encode_reply({.id = seed, .answer = status}));
    ASSERT_TRUE(reply.ok()) << reply.refusal().reason << ": " << reply.refusal().detail;
    EXPECT_EQ(reply->id, seed);
    ASSERT_TRUE(std::holds_alternative<PeerStatus>(reply->answer));
    expect_same(std::get<PeerStatus>(reply->answer), status);
  }
}

TEST(ControlCodec, DoneAndRefusedArriveAsTheyWereSent) {
  const auto done = decode_reply(encode_reply({.id = 3, .answer = ControlDone{}}));
  ASSERT_TRUE(done.ok());
  EXPECT_TRUE(std::holds_alternative<ControlDone>(done->answer));

  const auto refused = decode_reply(encode_reply({.id = 0, .answer = ControlRefused{"not now: draining"}}));
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(std::get<ControlRefused>(refused->answer).reason, "not now: draining");
}

TEST(ControlCodec, TheLargestStatusFitsIntoAReply) {
  PeerStatus status = any_status(1);
  base::Random random = random_of(2);
  NeighbourStatus neighbour = any_neighbour(random);
  neighbour.name.assign(kMaxControlName, 'n');
  neighbour.endpoint.assign(kMaxControlName, 'e');
  status.neighbours.assign(kMaxControlNeighbours, neighbour);
  status.waiting_for.assign(kMaxControlNeighbours, std::string(kMaxControlName, 'w'));
  const auto frame = encode_reply({.id = 1, .answer = status});
  EXPECT_LE(frame.size(), kMaxControlReplyBytes);
  const auto reply = decode_reply(frame);
  ASSERT_TRUE(reply.ok()) << reply.refusal().detail;
  expect_same(std::get<PeerStatus>(reply->answer), status);
}

TEST(ControlCodec, WhatIsOutOfBoundsIsCutAndNeverRefusedByTheReader) {
  PeerStatus status;
  status.name = std::string(10000, 'x');
  status.failure = "bad\x1b[31m\xff bytes\n" + std::string(5000, 'y');
  status.uptime_seconds = -1;
  status.test_accuracy = 17;
  status.seconds.wait = std::numeric_limits<double>::infinity();
  status.neighbours.resize(kMaxControlNeighbours + 5);
  status.neighbours[0].weight = kUnknown;
  status.neighbours[0].rtt_seconds = -3;
  const auto reply = decode_reply(encode_reply({.id = 1, .answer = status}));
  ASSERT_TRUE(reply.ok()) << reply.refusal().detail;
  const auto& seen = std::get<PeerStatus>(reply->answer);
  EXPECT_EQ(seen.name, std::string(kMaxControlName, 'x'));
  EXPECT_EQ(seen.failure.size(), kMaxControlReason);
  EXPECT_EQ(seen.failure.substr(0, 16), "bad?[31m? bytes?");
  EXPECT_EQ(seen.uptime_seconds, 0);
  EXPECT_TRUE(std::isnan(seen.test_accuracy));
  EXPECT_EQ(seen.seconds.wait, 0);
  EXPECT_EQ(seen.neighbours.size(), kMaxControlNeighbours);
  EXPECT_EQ(seen.neighbours[0].weight, 0);
  EXPECT_TRUE(std::isnan(seen.neighbours[0].rtt_seconds));
}

/// Refused by name, or a reply that can be said again and means the same.
void expect_refused_or_canonical(std::span<const std::byte> frame) {
  const auto reply = decode_reply(frame);
  if (!reply.ok()) {
    EXPECT_FALSE(reply.refusal().reason.empty());
    return;
  }
  const auto again = decode_reply(encode_reply(*reply));
  ASSERT_TRUE(again.ok()) << again.refusal().detail;
  EXPECT_EQ(again->id, reply->id);
  ASSERT_EQ(again->answer.index(), reply->answer.index());
  if (const auto* status = std::get_if<PeerStatus>(&again->answer))
    expect_same(*status, std::get<PeerStatus>(reply->answer));
}

TEST(ControlCodec, EveryFlippedBitIsRefusedOrDecodesWithinBounds) {
  PeerStatus status = any_status(4);
  base::Random random = random_of(4);
  status.neighbours.assign(2, any_neighbour(random));
  auto frame = encode_reply({.id = 9, .answer = status});
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    frame[bit / 8] ^= std::byte{1} << (bit % 8);
    expect_refused_or_canonical(frame);
    frame[bit / 8] ^= std::byte{1} << (bit % 8);
  }
}

TEST(ControlCodec, EveryTruncationIsRefused) {
  const auto frame = encode_reply({.id = 9, .answer = any_status(4)});
  for (std::size_t size = 0; size < frame.size(); ++size)
    EXPECT_FALSE(decode_reply(std::span(frame).first(size)).ok()) << size;
  const auto request = encode_request({.id = 9, .ask = AskStop{}});
  for (std::size_t size = 0; size < request.size(); ++size)
    EXPECT_FALSE(decode_request(std::span(request).first(size)).ok()) << size;
}

TEST(ControlCodec, ArbitraryBytesAreRefusedOrDecoded) {
  base::Random random = random_of(5);
  for (int trial = 0; trial < 20000; ++trial) {
    std::vector<std::byte> frame(random.below(40) * 8 + (trial % 16 == 0 ? 3 : 0));
    // Small words are what pointers and segment tables are made of.
    for (auto& byte : frame) byte = random.below(3) == 0 ? static_cast<std::byte>(random.bits()) : std::byte{0};
    const auto request = decode_request(frame);
    EXPECT_TRUE(request.ok() || !request.refusal().reason.empty());
    expect_refused_or_canonical(frame);
  }
}

TEST(ControlCodec, FramesAreRefusedByTheirBoundBeforeTheyAreRead) {
  const std::vector<std::byte> zeros(kMaxControlRequestBytes + 8);
  EXPECT_EQ(decode_request(zeros).refusal().reason, "too_large");
  const std::vector<std::byte> many(kMaxControlReplyBytes + 8);
  EXPECT_EQ(decode_reply(many).refusal().reason, "too_large");
  EXPECT_EQ(decode_request({}).refusal().reason, "malformed");
}

TEST(ControlCodec, TrailingBytesAreRefused) {
  auto frame = encode_request({.id = 1, .ask = AskStatus{}});
  frame.resize(frame.size() + 8);
  EXPECT_EQ(decode_request(frame).refusal().reason, "malformed");
}

TEST(ControlCodec, ARequestWithoutAnIdIsRefused) {
  EXPECT_EQ(decode_request(encode_request({.id = 0, .ask = AskStatus{}})).refusal().reason, "no_id");
}

TEST(ControlCodec, AnotherVersionOfTheProtocolIsRefusedByName) {
  auto frame = encode_request({.id = 1, .ask = AskStatus{}});
  // Layout: 8 bytes segment table, 8 bytes root pointer, then the struct, whose first word starts with the version.
  frame[16] = std::byte{2};
  const auto request = decode_request(frame);
  ASSERT_FALSE(request.ok());
  EXPECT_EQ(request.refusal().reason, "protocol_version");
  EXPECT_NE(request.refusal().detail.find("version 2"), std::string::npos);
}

TEST(ControlCodec, PeerStatesHaveNamesThatReadBack) {
  for (std::size_t i = 0; i < kPeerStates; ++i) {
    const auto state = static_cast<PeerState>(i);
    EXPECT_EQ(peer_state(name_of(state)), state);
  }
  EXPECT_EQ(peer_state("sleeping"), std::nullopt);
}

TEST(Text, KeepsWellFormedTextAndReplacesTheRest) {
  for (const std::string text : {"", "plain", "Erdős–Rényi", "木 𝛿 \U0010FFFF"}) {
    EXPECT_TRUE(is_clean(text)) << text;
    EXPECT_EQ(cleaned(text, 100), text);
  }
  // Control characters, overlong forms, surrogates, beyond the last code point, lone and missing continuations.
  for (const std::string text : {"\n", "\x7f", "\xc2\x85", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                                 "\xf4\x90\x80\x80", "\x80", "\xe6\x9c", "\xff"}) {
    EXPECT_FALSE(is_clean(text)) << text;
    EXPECT_EQ(cleaned(text, 100), std::string(text.size(), '?'));
  }
}

TEST(Text, CutsBetweenCharacters) {
  EXPECT_EQ(cleaned("木木", 5), "木");
  EXPECT_EQ(cleaned("木木", 6), "木木");
  EXPECT_EQ(cleaned("abc", 0), "");
}

}  // namespace
}  // namespace parley::wire
