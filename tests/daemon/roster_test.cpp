#include "daemon/roster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "configuration.h"

namespace parley::daemon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string two_peers(std::string_view first, std::string_view second) {
  return "[security]\ninsecure = true\n[[peer]]\n" + std::string(first) + "\n[[peer]]\n" + std::string(second) + "\n";
}

TEST(Roster, LoopbackPortsCountFromTheBasePort) {
  const Config config = parse("[swarm]\npeers = 3\nbase_port = 9000\n");
  EXPECT_EQ(config.roster[0].address, "tcp://127.0.0.1:9000");
  EXPECT_EQ(config.roster[2].address, "tcp://127.0.0.1:9002");
}

TEST(Roster, PortsBeyondTheLastAreRefused) {
  EXPECT_THAT(refusal("[swarm]\npeers = 3\nbase_port = 65534\n"),
              AllOf(StartsWith("swarm.toml:3:13: swarm.base_port: "), HasSubstr("65534 to 65536")));
}

TEST(Roster, TablesGiveNamesAddressesAndData) {
  const Config config =
      parse(two_peers("name = \"a\"\naddress = \"tcp://192.0.2.1:7100\"\ndata = \"a.csv\"",
                      "name = \"b\"\naddress = \"tcp://b.example:7200\"\nlisten = \"tcp://10.0.0.2:7\""));
  ASSERT_EQ(config.roster.size(), 2u);
  EXPECT_EQ(config.swarm.peers, 2u);
  EXPECT_EQ(config.roster[0].listen, "tcp://192.0.2.1:7100");
  EXPECT_EQ(config.roster[0].data, "a.csv");
  EXPECT_EQ(config.roster[1].listen, "tcp://10.0.0.2:7");
  EXPECT_EQ(config.roster[1].data, std::nullopt);
}

TEST(Roster, APeerThatIsReachedByNameListensOnAllInterfaces) {
  const Config config = parse(two_peers("name = \"a\"\naddress = \"tcp://a.example:7100\"",
                                        "name = \"b\"\naddress = \"tcp://localhost:7200\""));
  EXPECT_EQ(config.roster[0].listen, "tcp://0.0.0.0:7100");
  EXPECT_EQ(config.roster[1].listen, "tcp://127.0.0.1:7200");
}

TEST(Roster, TablesWithoutAddressesAreOnLoopback) {
  const Config config = parse("[[peer]]\nname = \"a\"\n[[peer]]\nname = \"b\"\n");
  EXPECT_EQ(config.roster[1].address, "tcp://127.0.0.1:7101");
}

TEST(Roster, AddressesForSomeOnlyAreRefused) {
  EXPECT_THAT(refusal(two_peers("name = \"a\"\naddress = \"tcp://192.0.2.1:7100\"", "name = \"b\"")),
              AllOf(StartsWith("swarm.toml:6:"), HasSubstr("peer \"b\" has no address")));
}

TEST(Roster, PeersAsANumberAndAsTablesAreRefused) {
  const std::string tables = "[[peer]]\nname = \"a\"\n";
  EXPECT_THAT(refusal("[swarm]\npeers = 3\n" + tables),
              AllOf(StartsWith("swarm.toml:2:9: swarm.peers: "), HasSubstr("one or the other")));
  EXPECT_THAT(refusal(tables, {"swarm.peers=3"}), StartsWith("--set: swarm.peers: "));
}

TEST(Roster, ATableThatIsNotInAnArrayIsRefused) {
  EXPECT_THAT(refusal("[peer]\nname = \"a\"\n"), HasSubstr("[[peer]]"));
}

TEST(Roster, ANameIsNeeded) {
  EXPECT_THAT(refusal("[[peer]]\ndata = \"a.csv\"\n"), AllOf(StartsWith("swarm.toml:1:"), HasSubstr("has no name")));
}

TEST(Roster, ANameThatCannotBeAFileNameIsRefused) {
  for (const char* name : {"", "a/b", "..", "a b", "-a"})
    EXPECT_THAT(refusal(std::string("[[peer]]\nname = \"") + name + "\"\n"), StartsWith("swarm.toml:2:8: peer.name: "));
}

TEST(Roster, DuplicateNamesAreRefusedWithBothPlaces) {
  EXPECT_THAT(
      refusal("[[peer]]\nname = \"a\"\n[[peer]]\nname = \"a\"\n"),
      AllOf(StartsWith("swarm.toml:4:8: peer.name: found the name \"a\" a second time"), HasSubstr("swarm.toml:2:8")));
}

TEST(Roster, DuplicateAddressesAreRefusedWithBothPlaces) {
  EXPECT_THAT(refusal(two_peers("name = \"a\"\naddress = \"tcp://192.0.2.1:7100\"",
                                "name = \"b\"\naddress = \"tcp://192.0.2.1:7100\"")),
              AllOf(StartsWith("swarm.toml:8:11: peer.address: "), HasSubstr("swarm.toml:5:11")));
}

TEST(Roster, AnAddressThatIsNotTcpIsRefused) {
  EXPECT_THAT(
      refusal("[[peer]]\nname = \"a\"\naddress = \"192.0.2.1:7100\"\n"),
      AllOf(StartsWith("swarm.toml:3:11: peer.address: found \"192.0.2.1:7100\""), HasSubstr("tcp://HOST:PORT")));
  EXPECT_THAT(refusal("[[peer]]\nname = \"a\"\naddress = \"tcp://*:7100\"\n"), HasSubstr("tcp://HOST:PORT"));
}

TEST(Roster, AnUnknownKeyOfAPeerIsRefused) {
  EXPECT_THAT(refusal("[[peer]]\nname = \"a\"\nadress = \"tcp://192.0.2.1:7100\"\n"),
              AllOf(StartsWith("swarm.toml:3:1: peer.adress: "), HasSubstr("did you mean \"address\"?")));
}

TEST(Roster, ListeningBeyondThisMachineIsRefusedUnlessItIsSaidToBeInsecure) {
  const std::string file = "[[peer]]\nname = \"a\"\naddress = \"tcp://192.0.2.1:7100\"\n";
  EXPECT_THAT(refusal(file), AllOf(StartsWith("swarm.toml:3:11: peer.address: peer \"a\" would listen on"),
                                   HasSubstr("security.insecure = true")));
  EXPECT_EQ(refusal(file, {"security.insecure=true"}), "");
  EXPECT_THAT(refusal("[swarm]\nlisten = \"tcp://0.0.0.0:7100\"\n"), StartsWith("swarm.toml:2:10: swarm.listen: "));
}

TEST(Roster, WhatIsBoundHasANumericAddress) {
  EXPECT_THAT(refusal("[security]\ninsecure = true\n[swarm]\nlisten = \"tcp://myhost:7100\"\n"),
              HasSubstr("numeric address"));
}

TEST(Roster, ATemplateGivesEveryPeerAnAddress) {
  const Config config =
      parse("[swarm]\npeers = 2\naddress_template = \"tcp://{name}.{index}:7100\"\n[security]\ninsecure = true\n");
  EXPECT_EQ(config.roster[1].address, "tcp://peer-1.1:7100");
  EXPECT_EQ(config.roster[1].listen, "tcp://0.0.0.0:7100");
}

TEST(Roster, ATemplateOfTheCommandLineReplacesAddressesAndOneOfTheFileIsRefusedBesideThem) {
  const std::string file =
      two_peers("name = \"a\"\naddress = \"tcp://192.0.2.1:7100\"\nlisten = \"tcp://192.0.2.1:7100\"",
                "name = \"b\"\naddress = \"tcp://192.0.2.2:7100\"");
  const Config config = parse(file, {"swarm.address_template=tcp://{name}:7100", "swarm.listen=tcp://0.0.0.0:7100"});
  EXPECT_EQ(config.roster[0].address, "tcp://a:7100");
  EXPECT_EQ(config.roster[0].listen, "tcp://0.0.0.0:7100");
  EXPECT_THAT(refusal("[swarm]\naddress_template = \"tcp://{name}:7100\"\n" + file), HasSubstr("keep one of the two"));
}

TEST(Roster, ATemplateThatGivesTwoPeersOneAddressIsRefused) {
  EXPECT_THAT(refusal("", {"swarm.address_template=tcp://host:7100", "security.insecure=true"}),
              StartsWith("--set: swarm.address_template: found the address \"tcp://host:7100\" a second time"));
}

TEST(Roster, PeersAreFoundByName) {
  const Config config = parse("");
  EXPECT_EQ(peer_index(config, "peer-5"), base::PeerId{5});
  try {
    static_cast<void>(peer_index(config, "peer5"));
    FAIL();
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("\"peer5\"; did you mean \"peer-5\"?"), HasSubstr("peer-0, peer-1")));
  }
}

}  // namespace
}  // namespace parley::daemon
