#include "daemon/compose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "configuration.h"

namespace parley::daemon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Compose, EveryPeerIsAServiceThatKnowsItsName) {
  const std::string text = compose_file(parse("", {"swarm.peers=3"}), "parley");
  for (const char* name : {"peer-0", "peer-1", "peer-2"})
    EXPECT_THAT(text, HasSubstr(std::string("PARLEY_PEER: \"") + name + "\""));
  EXPECT_THAT(text, Not(HasSubstr("peer-3")));
}

TEST(Compose, APeerHasNoPrivileges) {
  const std::string text = compose_file(parse(""), "parley");
  for (const char* line : {"user: \"10001:10001\"", "cap_drop: [ALL]", "no-new-privileges:true", "read_only: true",
                           "swarm.toml:/etc/parley/swarm.toml:ro", "internal: true", "stop_grace_period: 15s"})
    EXPECT_THAT(text, HasSubstr(line));
  for (const char* line : {"privileged", "cap_add", "docker.sock", "ports:"}) EXPECT_THAT(text, Not(HasSubstr(line)));
}

/// The environment that a compose file gives to its containers.
Environment environment_of(const std::string& text) {
  Environment environment;
  const std::regex line("  (PARLEY_[A-Z_]+): \"([^\"]*)\"\n");
  for (std::sregex_iterator at(text.begin(), text.end(), line), end; at != end; ++at)
    environment.emplace((*at)[1], (*at)[2]);
  return environment;
}

TEST(Compose, TheFileWithTheEnvironmentOfAContainerIsTheSameSwarmAtOtherAddresses) {
  const std::string file =
      "[swarm]\nname = \"clinics\"\n[security]\ninsecure = true\n"
      "[[peer]]\nname = \"a\"\naddress = \"tcp://192.0.2.1:7100\"\n"
      "[[peer]]\nname = \"b\"\naddress = \"tcp://192.0.2.2:7100\"\nlisten = \"tcp://192.0.2.9:7\"\n";
  const Config outside = parse(file, {"swarm.rounds=5"}, {{"PARLEY_LEARNING_BATCH", "full"}});
  const Config inside = parse(file, {}, environment_of(compose_file(outside, "parley")));
  EXPECT_EQ(config_hash(inside), config_hash(outside));
  EXPECT_EQ(inside.swarm.rounds, 5u);
  EXPECT_EQ(inside.roster[1].address, "tcp://b:7100");
  EXPECT_EQ(inside.roster[1].listen, "tcp://0.0.0.0:7100");
  EXPECT_EQ(inside.metrics.run_dir, "/var/lib/parley/clinics");
}

TEST(Compose, DataAreMountedOnlyWhereTheyAreNeeded) {
  EXPECT_THAT(compose_file(parse(""), "parley"), Not(HasSubstr("/data")));
  const std::string mnist = compose_file(parse("", {"learning.dataset=mnist"}), "parley");
  EXPECT_THAT(mnist, AllOf(HasSubstr("${PARLEY_DATA:?"), HasSubstr("PARLEY_LEARNING_DATA: \"/data\"")));
  EXPECT_THAT(compose_file(parse("", {"learning.dataset=mnist", "learning.data=/srv/data"}), "parley"),
              HasSubstr("\"/srv/data:/data:ro\""));
}

TEST(Compose, FilesThatTheConfigurationNamesAreMountedWhereAContainerLooksForThem) {
  const std::string text = compose_file(parse("", {"topology.graph=file(edges.csv)"}), "parley");
  EXPECT_THAT(text, HasSubstr("\"./edges.csv:/var/lib/parley/edges.csv:ro\""));
}

TEST(Compose, NothingIsLeftForComposeToSubstitute) {
  const std::string text = compose_file(parse("", {"log.file=/tmp/$HOME"}), "a\"b$c");
  EXPECT_THAT(text, HasSubstr("image: \"a\\\"b$$c\""));
}

}  // namespace
}  // namespace parley::daemon
