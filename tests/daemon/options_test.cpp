#include "daemon/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "configuration.h"
#include "daemon/option_value.h"

namespace parley::daemon {
namespace {

using ::testing::HasSubstr;

TEST(OptionTable, EveryRowIsCompleteAndItsDefaultAndExampleAreAllowed) {
  for (const Option& option : option_table()) {
    SCOPED_TRACE(option.name());
    EXPECT_FALSE(option.help.empty());
    EXPECT_NE(option.field.set, nullptr);
    EXPECT_NE(option.field.get, nullptr);
    EXPECT_EQ(option.kind == OptionKind::spec, option.spec.has_value());
    EXPECT_EQ(format_value(option, parse_value(option, option.fallback)), option.fallback);
    EXPECT_NO_THROW(parse_value(option, option.example));
    EXPECT_FALSE(option.example.empty());
  }
}

TEST(OptionTable, NamesAreUniqueAndTheirSectionsExist) {
  std::set<std::string> names;
  std::set<std::string_view> sections;
  for (const Section& section : section_table()) EXPECT_TRUE(sections.insert(section.name).second) << section.name;
  for (const Option& option : option_table()) {
    EXPECT_TRUE(names.insert(option.name()).second) << option.name();
    EXPECT_TRUE(sections.contains(option.section)) << option.name();
  }
}

TEST(OptionTable, EveryFieldHoldsWhatWasPutIntoIt) {
  for (const Option& option : option_table()) {
    if (option.name() == "swarm.name") continue;  // also fills {name} elsewhere
    SCOPED_TRACE(option.name());
    Config config = parse("");
    const OptionValue value = parse_value(option, option.example);
    option.field.set(config, value);
    EXPECT_EQ(option.field.get(config), value);
  }
}

TEST(OptionTable, NoTwoOptionsShareAField) {
  for (const Option& changed : option_table()) {
    Config config = parse("");
    const Config before = config;
    changed.field.set(config, parse_value(changed, changed.example));
    for (const Option& other : option_table()) {
      if (&other == &changed) continue;
      EXPECT_EQ(other.field.get(config), other.field.get(before)) << changed.name();
    }
  }
}

TEST(OptionTable, EveryOptionIsReadAlikeFromFileEnvironmentAndFlag) {
  for (const Option& option : option_table()) {
    SCOPED_TRACE(option.name());
    // Values that need others beside them: addresses beyond this machine, and {name} to tell the peers apart.
    const std::string insecure = option.name() == "security.insecure" ? "" : "security.insecure=true";
    Overrides extra;
    if (!insecure.empty()) extra.push_back(insecure);
    const OptionValue value = parse_value(option, option.example);
    const std::string toml = std::string("[") + std::string(option.section) + "]\n" + std::string(option.key) + " = " +
                             format_toml(option, value) + "\n";
    Overrides flags = extra;
    flags.push_back(option.name() + "=" + std::string(option.example));
    const Environment environment = {{environment_name(option), std::string(option.example)}};
    const OptionValue from_file = option.field.get(parse(toml, extra));
    EXPECT_EQ(from_file, option.field.get(parse("", extra, environment)));
    EXPECT_EQ(from_file, option.field.get(parse("", flags)));
  }
}

TEST(OptionTable, AnUnknownNameIsRefusedWithTheNearest) {
  try {
    static_cast<void>(find_option("swarm.round"));
    FAIL();
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean \"swarm.rounds\"?"));
  }
}

TEST(OptionTable, EnvironmentNamesAreUpperCaseWithUnderscores) {
  EXPECT_EQ(environment_name(find_option("learning.learning_rate")), "PARLEY_LEARNING_LEARNING_RATE");
}

}  // namespace
}  // namespace parley::daemon
