// What a configuration is refused for, and that the message has the place, the cause and the remedy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "configuration.h"

namespace parley::daemon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Refusals, AnUnknownKeyIsNamedWithItsPlaceAndTheNearestKey) {
  EXPECT_THAT(refusal("[swarm]\n  ruonds = 10\n"),
              StartsWith("swarm.toml:2:3: swarm.ruonds: unknown key \"ruonds\"; did you mean \"rounds\"?"));
}

TEST(Refusals, AKeyOfAnotherSectionIsSentThere) {
  EXPECT_THAT(refusal("[swarm]\nbandwidth = \"1Gbit\"\n"),
              AllOf(StartsWith("swarm.toml:2:1: "), HasSubstr("simulation.bandwidth")));
}

TEST(Refusals, AnUnknownSectionIsNamedWithTheNearestSection) {
  EXPECT_THAT(refusal("\n[swram]\nrounds = 1\n"),
              AllOf(StartsWith("swarm.toml:2:"), HasSubstr("unknown section \"swram\"; did you mean \"swarm\"?")));
}

TEST(Refusals, AKeyOutsideOfEverySectionIsSentToItsSection) {
  EXPECT_THAT(refusal("rounds = 5\n"), AllOf(StartsWith("swarm.toml:1:1: "), HasSubstr("[swarm]")));
}

TEST(Refusals, ASectionThatIsAValueIsRefused) {
  EXPECT_THAT(refusal("swarm = 3\n"),
              AllOf(StartsWith("swarm.toml:1:9: swarm: found the number 3"), HasSubstr("[swarm]")));
}

TEST(Refusals, AWrongTypeSaysWhatWasFoundAndWhatIsAllowed) {
  EXPECT_EQ(refusal("[swarm]\nrounds = \"many\"\n"),
            "swarm.toml:2:10: swarm.rounds: found the text \"many\"; allowed: a whole number from 1 to 1099511627776");
  EXPECT_THAT(refusal("[swarm]\nrounds = 1.5\n"), HasSubstr("found the number 1.5; allowed: a whole number"));
  EXPECT_THAT(refusal("[swarm]\nrounds = [1]\n"), HasSubstr("found an array"));
  EXPECT_THAT(refusal("[swarm]\nrounds = {a = 1}\n"), HasSubstr("found a table"));
  EXPECT_THAT(refusal("[swarm]\nrounds = 2020-01-01\n"), HasSubstr("found a date or time"));
  EXPECT_THAT(refusal("[security]\ninsecure = 1\n"), HasSubstr("found the number 1; allowed: true or false"));
  EXPECT_THAT(refusal("[learning]\nmodel = 7\n"), HasSubstr("found the number 7; allowed: a model such as"));
}

TEST(Refusals, AQuantityWithoutAUnitIsRefusedWithExamples) {
  EXPECT_THAT(refusal("[simulation]\nlatency = 5\n"), AllOf(HasSubstr("found the number 5"), HasSubstr("\"200ms\"")));
  EXPECT_THAT(refusal("[simulation]\nlatency = \"5\"\n"), AllOf(HasSubstr("found \"5\""), HasSubstr("\"200ms\"")));
  EXPECT_THAT(refusal("[log]\nmax_size = \"4\"\n"), HasSubstr("\"4MiB\""));
  EXPECT_THAT(refusal("[simulation]\nbandwidth = \"fast\"\n"), AllOf(HasSubstr("100Mbit"), HasSubstr("unlimited")));
}

TEST(Refusals, WhatIsOutOfBoundsSaysTheBounds) {
  EXPECT_EQ(refusal("[swarm]\npeers = 0\n"),
            "swarm.toml:2:9: swarm.peers: found 0; allowed: a whole number from 1 to 4096");
  EXPECT_THAT(refusal("[swarm]\ntarget_accuracy = 1.5\n"), HasSubstr("a number from 0 to 1, or \"none\""));
  EXPECT_THAT(refusal("[learning]\nlearning_rate = nan\n"), HasSubstr("found nan"));
  EXPECT_THAT(refusal("[wire]\nresend_after = \"2h\"\n"), HasSubstr("from 1ms to 1h"));
}

TEST(Refusals, AWordThatIsNotAmongTheChoicesListsThem) {
  EXPECT_THAT(refusal("[swarm]\nwhen_done = \"sleep\"\n"),
              HasSubstr("found \"sleep\"; allowed: one of \"exit\", \"wait\""));
}

TEST(Refusals, AnUnknownOperatorIsNamedWithTheNearest) {
  EXPECT_THAT(refusal("[compression]\noperator = \"topj(ratio=0.1)\"\n"),
              AllOf(StartsWith("swarm.toml:2:12: compression.operator: "),
                    HasSubstr("unknown compression operator \"topj\"; did you mean \"topk\"?")));
}

TEST(Refusals, ASpecThatMakesNoSenseSaysTheColumn) {
  EXPECT_THAT(refusal("[compression]\noperator = \"topk(ratio=0.1\"\n"), HasSubstr("column 15: expected"));
  EXPECT_THAT(refusal("[compression]\noperator = \"topk(ratio=0.1) | \"\n"), HasSubstr("column 19: expected a name"));
}

TEST(Refusals, AnArgumentOutOfBoundsSaysTheBounds) {
  EXPECT_THAT(refusal("[compression]\noperator = \"topk(ratio=2)\"\n"), HasSubstr("ratio = 2; allowed: a number from"));
  EXPECT_THAT(refusal("[compression]\noperator = \"topk(share=0.1)\"\n"), HasSubstr("unknown parameter \"share\""));
}

TEST(Refusals, EveryKindOfSpecIsLookedUpInItsTable) {
  for (const char* key : {"topology.graph", "topology.schedule", "topology.weights", "learning.model",
                          "learning.dataset", "learning.partition", "learning.optimizer", "learning.decay",
                          "learning.init", "gossip.algorithm", "compression.operator"})
    EXPECT_THAT(refusal("", {std::string(key) + "=nonsense"}),
                AllOf(StartsWith(std::string("--set: ") + key + ": unknown "), HasSubstr("\"nonsense\"")));
}

TEST(Refusals, TextThatIsNotTomlSaysWhere) {
  EXPECT_THAT(refusal("[swarm]\nrounds = = 3\n"), AllOf(StartsWith("swarm.toml:2:"), HasSubstr("not TOML")));
  EXPECT_THAT(refusal("[swarm\n"), StartsWith("swarm.toml:1:"));
  EXPECT_THAT(refusal("[swarm]\nrounds = 1\nrounds = 2\n"), StartsWith("swarm.toml:3:"));
}

TEST(Refusals, OverridesSayThatTheyAreAFlag) {
  EXPECT_THAT(refusal("", {"swarm.rounds"}), StartsWith("--set: found \"swarm.rounds\"; needed is section.key=value"));
  EXPECT_THAT(refusal("", {"swarm.ruonds=3"}), AllOf(StartsWith("--set: unknown key"), HasSubstr("swarm.rounds")));
  EXPECT_THAT(refusal("", {"swarm.rounds=abc"}), StartsWith("--set: swarm.rounds: found \"abc\"; allowed: a whole"));
}

TEST(Refusals, VariablesSayTheirName) {
  EXPECT_THAT(refusal("", {}, {{"PARLEY_SWARM_ROUNDS", "abc"}}),
              StartsWith("environment PARLEY_SWARM_ROUNDS: swarm.rounds: found \"abc\""));
  EXPECT_THAT(refusal("", {}, {{"PARLEY_SWARM_ROUNDZ", "3"}}),
              AllOf(StartsWith("environment PARLEY_SWARM_ROUNDZ: "), HasSubstr("did you mean PARLEY_SWARM_ROUNDS?")));
}

TEST(Refusals, AValueOfTheFileIsCheckedAlsoWhereItIsOverridden) {
  EXPECT_THAT(refusal("[swarm]\nrounds = \"x\"\n", {"swarm.rounds=3"}), StartsWith("swarm.toml:2:10: "));
}

TEST(Refusals, AFileThatIsNotThereSaysHowToMakeOne) {
  try {
    static_cast<void>(load_config("/nonexistent/swarm.toml", {}, {}));
    FAIL();
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(), AllOf(StartsWith("/nonexistent/swarm.toml: "), HasSubstr("parley config sample")));
  }
}

TEST(Refusals, ADirectoryIsNotAFile) {
  EXPECT_THROW(static_cast<void>(load_config("/", {}, {})), base::OperatorError);
}

TEST(Refusals, AFileThatNeverEndsIsNotReadToItsEnd) {
  try {
    static_cast<void>(load_config("/dev/zero", {}, {}));
    FAIL();
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(), HasSubstr("a swarm file has at most"));
  }
}

}  // namespace
}  // namespace parley::daemon
