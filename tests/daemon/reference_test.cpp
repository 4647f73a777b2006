#include "daemon/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "configuration.h"
#include "daemon/options.h"

namespace parley::daemon {
namespace {

using ::testing::HasSubstr;

TEST(Sample, LoadsAndEqualsTheDefaults) {
  const Config sample = parse(sample_file());
  const Config defaults = parse("");
  for (const Option& option : option_table())
    EXPECT_EQ(option.field.get(sample), option.field.get(defaults)) << option.name();
  EXPECT_EQ(config_hash(sample), config_hash(defaults));
}

TEST(Sample, HasEveryKey) {
  const Config sample = parse(sample_file());
  for (const Option& option : option_table())
    EXPECT_EQ(sample.origins.at(option.name()).kind, Origin::Kind::file) << option.name();
}

TEST(Sample, LinesFitATerminal) {
  std::istringstream lines(sample_file());
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(Reference, TheCommittedPageIsWhatTheProgramPrints) {
  std::ifstream file(PARLEY_REFERENCE_PAGE);
  ASSERT_TRUE(file) << PARLEY_REFERENCE_PAGE;
  std::stringstream committed;
  committed << file.rdbuf();
  EXPECT_EQ(committed.str(), reference_page()) << "write it anew: parley config reference > docs/configuration.md";
}

TEST(Reference, EveryKeyIsOnThePage) {
  const std::string page = reference_page();
  for (const Option& option : option_table()) EXPECT_THAT(page, HasSubstr("| `" + option.name() + "` |"));
  for (const PeerOption& row : peer_option_table())
    EXPECT_THAT(page, HasSubstr("| `" + std::string(row.option.key) + "` |"));
}

TEST(Reference, OneKeyListsWhatItMayBe) {
  const std::string help = option_help(find_option("compression.operator"));
  EXPECT_THAT(help, HasSubstr("qsgd(bits=4, bucket=512"));
  EXPECT_THAT(help, HasSubstr("PARLEY_COMPRESSION_OPERATOR"));
  EXPECT_THAT(option_help(find_option("learning.init")), HasSubstr("file(path=...)"));
}

TEST(Explain, ShowsEveryValueWithItsOrigin) {
  const Config config = parse("[swarm]\nrounds = 7\n", {"learning.batch=full"}, {{"PARLEY_SWARM_SEED", "9"}});
  const auto rows = nlohmann::json::parse(explain_json(config));
  ASSERT_EQ(rows.size(), option_table().size());
  const auto row = [&](std::string_view key) {
    for (const auto& candidate : rows)
      if (candidate["key"] == key) return candidate;
    return nlohmann::json();
  };
  EXPECT_EQ(row("swarm.rounds")["value"], "7");
  EXPECT_EQ(row("swarm.rounds")["origin"], "swarm.toml:2:10");
  EXPECT_EQ(row("swarm.seed")["origin"], "environment PARLEY_SWARM_SEED");
  EXPECT_EQ(row("learning.batch")["value"], "full");
  EXPECT_EQ(row("learning.batch")["origin"], "--set");
  EXPECT_EQ(row("log.level")["origin"], "default");
  EXPECT_THAT(explain_text(config), HasSubstr("swarm.toml:2:10"));
}

}  // namespace
}  // namespace parley::daemon
