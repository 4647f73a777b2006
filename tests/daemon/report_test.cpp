// Status and results as JSON: nothing is lost between a daemon and whoever reads its result.
#include "daemon/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "scratch_directory.h"

namespace parley::daemon {
namespace {

using testing::HasSubstr;

wire::PeerStatus full_status() {
  wire::PeerStatus s;
  s.name = "peer-1";
  s.swarm = "ring";
  s.config_hash = "00ff";
  s.state = wire::PeerState::draining;
  s.failure = "none \"really\"";
  s.pid = 4000000000U;
  s.uptime_seconds = 0.1;
  s.round = std::numeric_limits<std::uint64_t>::max();
  s.rounds = std::uint64_t{1} << 53U | 1U;  // not a double
  s.model_hash = "abc";
  s.loss = 1.0 / 3;
  s.train_loss = std::nextafter(0.1, 1.0);
  s.test_loss = 1e-310;  // subnormal
  s.test_accuracy = 0.9751;
  s.consensus_distance = 5e300;
  s.sent = {1, 2, 3, std::numeric_limits<std::uint64_t>::max()};
  s.received = {5, 6, 7, 8};
  s.seconds = {0.1, 0.2, 0.3, 0.4, 0.7};
  s.max_rss_bytes = 9;
  s.waiting_for = {"a", "b"};
  s.waiting_seconds = 1.5;
  wire::NeighbourStatus n;
  n.name = "peer-2";
  n.endpoint = "tcp://127.0.0.1:7102";
  n.state = wire::LinkState::suspect;
  n.weight = 1.0 / 7;
  n.round = 11;
  n.round_lag = -3;
  n.rtt_seconds = 3e-5;
  n.sent = {1, 0, 0, 0};
  n.received = {0, 1, 0, 0};
  n.resent = 1;
  n.duplicates = 2;
  n.offences = 3;
  s.neighbours = {n, n};
  return s;
}

/// Through text, as a reader of the file has it.
Json again(const Json& document) {
  return Json::parse(json_text(document));
}

TEST(Report, EveryFieldOfAStatusReadsBackToTheSameBits) {
  const wire::PeerStatus status = full_status();
  const auto read = status_from(again(status_object(status)));
  ASSERT_TRUE(read.ok()) << read.refusal().detail;
  EXPECT_EQ(read->round, status.round);
  EXPECT_EQ(read->rounds, status.rounds);
  EXPECT_EQ(read->train_loss, status.train_loss);
  EXPECT_EQ(read->test_loss, status.test_loss);
  EXPECT_EQ(read->sent, status.sent);
  EXPECT_EQ(read->state, status.state);
  EXPECT_EQ(read->neighbours.at(1).state, wire::LinkState::suspect);
  EXPECT_EQ(read->neighbours.at(1).round_lag, -3);
  EXPECT_TRUE(std::isnan(read->neighbours.at(1).last_heard_seconds));
  // All the others at once: what was read says the same again.
  EXPECT_EQ(json_text(status_object(*read)), json_text(status_object(status)));
}

TEST(Report, EveryFieldIsWrittenAndRead) {
  // A field that were not read, or not written, would leave these two alike somewhere.
  const Json full = status_object(full_status());
  const Json empty = status_object(wire::PeerStatus{});
  ASSERT_EQ(full.size(), empty.size());
  for (const auto& [name, value] : full.items()) EXPECT_NE(value, empty.at(name)) << name;
  const Json reread = status_object(*status_from(again(full)));
  for (const auto& [name, value] : full.items()) EXPECT_EQ(value, reread.at(name)) << name;
}

TEST(Report, WhatIsNotKnownIsNullAndReadsBackAsUnknown) {
  wire::PeerStatus status;
  status.name = "p";
  status.train_loss = std::numeric_limits<double>::infinity();
  const Json object = again(status_object(status));
  for (const char* field : {"loss", "train_loss", "test_loss", "test_accuracy", "consensus_distance"}) {
    EXPECT_TRUE(object.at(field).is_null()) << field;
  }
  EXPECT_TRUE(std::isnan(status_from(object)->test_loss));

  status.neighbours.emplace_back();  // nothing heard of it
  const Json neighbour = again(status_object(status)).at("neighbours").at(0);
  for (const char* field : {"round", "round_lag", "rtt_seconds", "last_heard_seconds"}) {
    EXPECT_TRUE(neighbour.at(field).is_null()) << field;
  }
  EXPECT_FALSE(status_from(again(status_object(status)))->neighbours.at(0).round.has_value());
}

TEST(Report, AFieldOfTheWrongTypeIsRefusedByName) {
  const Json good = status_object(full_status());
  for (const auto& [name, value] : good.items()) {
    Json bad = good;
    bad[name] = value.is_boolean() ? Json("text") : Json(true);
    const auto read = status_from(bad);
    ASSERT_FALSE(read.ok()) << name;
    EXPECT_EQ(read.refusal().reason, "bad_field");
    EXPECT_THAT(read.refusal().detail, HasSubstr(name));
  }
  EXPECT_FALSE(status_from(Json::array()).ok());
  EXPECT_FALSE(status_from(Json::object()).ok()) << "without a name";
}

TEST(Report, TextThatIsNotUtf8DoesNotSpoilTheDocument) {
  wire::PeerStatus status;
  status.name = "p\xff";
  EXPECT_TRUE(status_from(again(status_object(status))).ok());
}

TEST(Report, AResultFileReadsBackAndLeavesNoTemporaryBehind) {
  const ScratchDirectory scratch;
  write_result(scratch / "result.json", full_status());
  const auto read = read_result(scratch / "result.json");
  ASSERT_TRUE(read.ok()) << read.refusal().detail;
  EXPECT_EQ(json_text(status_object(*read)), json_text(status_object(full_status())));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1);
}

TEST(Report, AMissingOrBrokenResultFileIsNamed) {
  const ScratchDirectory scratch;
  EXPECT_EQ(read_result(scratch / "none").refusal().reason, "no_file");
  std::ofstream(scratch / "half") << "{\"name\": \"p\", ";
  const auto half = read_result(scratch / "half");
  EXPECT_EQ(half.refusal().reason, "not_json");
  EXPECT_THAT(half.refusal().detail, HasSubstr((scratch / "half").string()));
  EXPECT_THROW(write_result(scratch / "no" / "such" / "directory", full_status()), base::OperatorError);
}

TEST(Report, OnlyASimulationHasVirtualSeconds) {
  SwarmReport report{.config_hash = "a", .rounds = 1, .seconds = 2, .virtual_seconds = {}, .peers = {full_status()}};
  EXPECT_FALSE(swarm_object(report).contains("virtual_seconds"));
  report.virtual_seconds = 0.5;
  EXPECT_EQ(swarm_object(report).at("virtual_seconds"), 0.5);
}

}  // namespace
}  // namespace parley::daemon
