#include "daemon/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace parley::daemon {
namespace {

using ::testing::HasSubstr;
using Overrides = std::vector<std::string>;

Config parse(std::string_view text, const Overrides& overrides = {}, const Environment& environment = {}) {
  return parse_config(text, "swarm.toml", overrides, environment);
}

/// The message with which a configuration is refused; empty if it is accepted.
std::string refusal(std::string_view text, const Overrides& overrides = {}, const Environment& environment = {}) {
  try {
    static_cast<void>(parse(text, overrides, environment));
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  return {};
}

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

TEST(Configuration, AnUnknownKeyIsRefusedWithItsPlaceAndTheNearestKey) {
  EXPECT_THAT(refusal("[swarm]\n  ruonds = 10\n"),
              HasSubstr("swarm.toml:2:3: swarm.ruonds: unknown key \"ruonds\"; did "
                        "you mean \"rounds\"?"));
}

}  // namespace
}  // namespace parley::daemon
