#include "daemon/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "configuration.h"

namespace parley::daemon {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(Configuration, AnEmptyFileIsALoopbackSwarmOfDefaults) {
  const Config config = parse("");
  EXPECT_EQ(config.swarm.name, "parley");
  EXPECT_EQ(config.roster.size(), config.swarm.peers);
  EXPECT_EQ(config.roster[3].name, "peer-3");
  EXPECT_EQ(config.roster[3].address, "tcp://127.0.0.1:7103");
  EXPECT_EQ(config.roster[3].listen, config.roster[3].address);
  EXPECT_EQ(config.metrics.run_dir, "runs/parley");
}

TEST(Configuration, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  const std::string_view file = "[swarm]\nrounds = 10\n";
  const Environment environment = {{"PARLEY_SWARM_ROUNDS", "20"}};
  EXPECT_EQ(parse("").swarm.rounds, 600u);
  EXPECT_EQ(parse("").origins.at("swarm.rounds").text(), "default");
  EXPECT_EQ(parse(file).swarm.rounds, 10u);
  EXPECT_EQ(parse(file).origins.at("swarm.rounds").text(), "swarm.toml:2:10");
  EXPECT_EQ(parse(file, {}, environment).swarm.rounds, 20u);
  EXPECT_EQ(parse(file, {}, environment).origins.at("swarm.rounds").text(), "environment PARLEY_SWARM_ROUNDS");
  EXPECT_EQ(parse(file, {"swarm.rounds=25", "swarm.rounds=30"}, environment).swarm.rounds, 30u);
  EXPECT_EQ(parse(file, {"swarm.rounds=30"}, environment).origins.at("swarm.rounds").text(), "--set");
}

TEST(Configuration, ValuesHaveTheirTypes) {
  const Config config = parse(R"(
[swarm]
name = "mnist-ring"
max_seconds = 2.5
target_accuracy = 0.97
when_done = "wait"
[learning]
batch = "full"
learning_rate = 1
[simulation]
latency = "20ms"
bandwidth = "unlimited"
[log]
max_size = "4MiB"
)");
  EXPECT_EQ(config.swarm.max_seconds, 2.5);
  EXPECT_EQ(config.swarm.target_accuracy, 0.97);
  EXPECT_EQ(config.swarm.when_done, WhenDone::wait);
  EXPECT_EQ(config.learning.batch, std::nullopt);
  EXPECT_EQ(config.learning.learning_rate, 1.0);
  EXPECT_EQ(config.simulation.latency, 20ms);
  EXPECT_EQ(config.simulation.bandwidth, std::nullopt);
  EXPECT_EQ(config.log.max_size, 4 * 1024 * 1024);
  EXPECT_EQ(config.metrics.run_dir, "runs/mnist-ring");
}

TEST(Configuration, TheDataDirectoryDefaultsToTheEnvironmentAlsoWhenTheFileLeavesItEmpty) {
  const Environment environment = {{"PARLEY_DATA", "/srv/data"}};
  EXPECT_EQ(parse("", {}, environment).learning.data, "/srv/data");
  EXPECT_EQ(parse("[learning]\ndata = \"\"\n", {}, environment).learning.data, "/srv/data");
  EXPECT_EQ(parse("[learning]\ndata = \"here\"\n", {}, environment).learning.data, "here");
  EXPECT_EQ(parse("", {"learning.data=there"}, environment).learning.data, "there");
}

TEST(Configuration, VariablesThatAreNotOfASectionAreSomebodyElses) {
  EXPECT_EQ(refusal("", {}, {{"PARLEY_PEER", "peer-0"}, {"PARLEY_VERSION", "3"}, {"PARLEYSWARM_X", "1"}}), "");
}

TEST(Configuration, ErrorsOfWhatIsBuiltFromAnOptionGetItsPlace) {
  const Config config = parse("[topology]\ngraph = \"ring\"\n");
  try {
    build_from(config, "topology.graph", []() -> int { throw base::OperatorError("does not fit"); });
    FAIL();
  } catch (const base::OperatorError& error) {
    EXPECT_STREQ(error.what(), "swarm.toml:2:9: topology.graph: does not fit");
  }
}

TEST(Configuration, ErrorsThatNameAFileOfTheirOwnKeepIt) {
  const Config config = parse("");
  try {
    build_from(config, "learning.dataset",
               []() -> int { throw base::OperatorError({.file = "a.csv", .line = 3, .key = {}}, "no number"); });
    FAIL();
  } catch (const base::OperatorError& error) {
    EXPECT_STREQ(error.what(), "a.csv:3: no number");
  }
}

// Agreement.

TEST(Agreement, SpecsThatMeanTheSameAgree) {
  const auto hash = [](const char* op) { return config_hash(parse("", {std::string("compression.operator=") + op})); };
  EXPECT_EQ(hash("qsgd"), hash("qsgd(bits=4)"));
  EXPECT_EQ(hash("qsgd( bucket=512,bits = 4 )"), hash("qsgd(bits=4)"));
  EXPECT_NE(hash("qsgd(bits=8)"), hash("qsgd(bits=4)"));
}

TEST(Agreement, WhatPeersMayHaveOfTheirOwnDoesNotChangeTheHash) {
  const std::string hash = config_hash(parse(""));
  for (const char* own : {"learning.data=x", "daemon.threads=4", "log.level=debug", "swarm.base_port=9000",
                          "metrics.run_dir=y", "swarm.when_done=wait", "wire.window=8"})
    EXPECT_EQ(config_hash(parse("", {own})), hash) << own;
}

TEST(Agreement, WhatMustBeCommonChangesTheHash) {
  const std::string hash = config_hash(parse(""));
  for (const char* common :
       {"swarm.name=other", "swarm.seed=2", "swarm.rounds=7", "swarm.peers=9", "topology.graph=complete",
        "learning.model=softmax", "learning.batch=full", "learning.learning_rate=0.2", "compression.operator=identity"})
    EXPECT_NE(config_hash(parse("", {common})), hash) << common;
}

TEST(Agreement, TheRosterIsAgreedOnByNamesInOrderAndNotByAddresses) {
  const auto hash = [](const char* a, const char* b, const char* port) {
    return config_hash(parse(std::string("[[peer]]\nname = \"") + a + "\"\naddress = \"tcp://127.0.0.1:1" + port +
                             "\"\n[[peer]]\nname = \"" + b + "\"\naddress = \"tcp://127.0.0.1:2" + port + "\"\n"));
  };
  EXPECT_EQ(hash("a", "b", "00"), hash("a", "b", "01"));
  EXPECT_NE(hash("a", "b", "00"), hash("b", "a", "00"));
  EXPECT_NE(hash("a", "b", "00"), hash("a", "c", "00"));
}

TEST(Agreement, TermsFitIntoAHello) {
  // The bounds of the protocol: at most 64 terms of at most 1024 bytes.
  const auto terms = agreement_terms(parse("", {"swarm.peers=4096"}));
  EXPECT_LE(terms.size(), 64u);
  for (const auto& [key, value] : terms) EXPECT_LE(value.size(), 1024u) << key;
}

}  // namespace
}  // namespace parley::daemon
