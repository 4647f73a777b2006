#include "daemon/parleyd_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "configuration.h"

namespace parley::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::variant<ParleydOptions, ParleydDone> parse_line(std::vector<const char*> words,
                                                     const Environment& environment = {}) {
  words.insert(words.begin(), "parleyd");
  return parse_parleyd_options(static_cast<int>(words.size()), words.data(), environment);
}

std::string refused_line(std::vector<const char*> words, const Environment& environment = {}) {
  try {
    static_cast<void>(parse_line(std::move(words), environment));
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  return {};
}

TEST(ParleydOptions, FlagsAreRead) {
  const auto parsed =
      parse_line({"--config", "a.toml", "--peer", "p", "--set", "swarm.rounds=3", "--set", "log.level=off"});
  const auto& options = std::get<ParleydOptions>(parsed);
  EXPECT_EQ(options.config_file, "a.toml");
  EXPECT_EQ(options.peer, "p");
  EXPECT_THAT(options.overrides, ElementsAre("swarm.rounds=3", "log.level=off"));
}

TEST(ParleydOptions, TheEnvironmentStandsForFlagsThatAreNotGiven) {
  const Environment environment = {{"PARLEY_CONFIG", "a.toml"}, {"PARLEY_PEER", "p"}};
  EXPECT_EQ(std::get<ParleydOptions>(parse_line({}, environment)).config_file, "a.toml");
  EXPECT_EQ(std::get<ParleydOptions>(parse_line({"--peer", "q"}, environment)).peer, "q");
}

TEST(ParleydOptions, WhatIsMissingIsNamed) {
  EXPECT_THAT(refused_line({"--peer", "p"}), HasSubstr("--config FILE or in PARLEY_CONFIG"));
  EXPECT_THAT(refused_line({"--config", "a.toml"}), HasSubstr("--peer NAME or in PARLEY_PEER"));
}

TEST(ParleydOptions, WhatIsNotUnderstoodIsRefused) {
  EXPECT_THAT(refused_line({"--confg", "a.toml"}), HasSubstr("--confg"));
  EXPECT_THAT(refused_line({"--config", "a.toml", "--peer", "p", "--set", "swarm.rounds=3", "stray"}),
              HasSubstr("stray"));
  EXPECT_THAT(refused_line({"--config"}), HasSubstr("--help"));
}

TEST(ParleydOptions, HelpTeachesWithExamplesAndExitCodes) {
  const std::string help = std::get<ParleydDone>(parse_line({"--help"})).text;
  for (const char* part : {"parleyd --config swarm.toml --peer peer-0", "PARLEY_PEER", "Exit codes", "--set"})
    EXPECT_THAT(help, HasSubstr(part));
  EXPECT_THAT(std::get<ParleydDone>(parse_line({"--version"})).text, HasSubstr("parley "));
}

}  // namespace
}  // namespace parley::daemon
