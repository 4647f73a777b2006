// `parley topology ...`, through the command line in this process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "daemon/command_line.h"
#include "daemon/commands/commands.h"
#include "scratch_directory.h"
#include "topology/graph.h"

namespace parley::daemon {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class TopologyCommand : public testing::Test {
 protected:
  struct Outcome {
    int code = 0;
    std::string out, error;
  };

  Outcome topology(std::vector<std::string> arguments) {
    constexpr Command kCommands[] = {{"topology", add_topology_command}};
    std::ostringstream out;
    CommandContext context{.environment = {}, .out = out};
    std::vector<const char*> argv = {"parley", "topology"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    testing::internal::CaptureStderr();
    const int code = guarded_main(
        "parley", [&] { return run_command_line(static_cast<int>(argv.size()), argv.data(), kCommands, context); });
    return {code, out.str(), testing::internal::GetCapturedStderr()};
  }

  json parsed(std::vector<std::string> arguments) {
    arguments.push_back("--json");
    const Outcome outcome = topology(std::move(arguments));
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return json::parse(outcome.out);
  }

  std::string file(const std::string& name, const std::string& content) {
    const std::string path = (scratch_.path() / name).string();
    std::ofstream(path) << content;
    return path;
  }
  std::string path(const std::string& name) const { return (scratch_.path() / name).string(); }
  std::string content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name)).rdbuf();
    return text.str();
  }

  ScratchDirectory scratch_;
};

TEST_F(TopologyCommand, ShowTellsWhatTheFormulasSay) {
  const json ring = parsed({"show", "ring", "-n", "8", "--model-size", "1000"});
  const double gap = 2.0 / 3 * (1 - std::sqrt(0.5));
  EXPECT_NEAR(ring["spectrum"]["gap"], gap, 1e-9);
  EXPECT_NEAR(ring["laplacian"]["algebraic_connectivity"], 2 - std::sqrt(2), 1e-9);
  EXPECT_NEAR(ring["laplacian"]["largest"], 4, 1e-9);
  EXPECT_NEAR(ring["laplacian"]["best_constant_rate"], 0.744521, 5.1e-7);
  EXPECT_EQ(ring["diameter"], 4);
  EXPECT_EQ(ring["busiest_peer"], "peer-0");
  EXPECT_EQ(ring["bytes"]["message"], 4000);
  EXPECT_EQ(ring["bytes"]["busiest_peer_per_round"], 8000);
  EXPECT_EQ(ring["bytes"]["swarm_per_round"], 64000);
  const double rounds = std::log(1000) / -std::log(1 - gap);
  EXPECT_NEAR(ring["rounds_to_a_thousandth"], rounds, 1e-6);
  EXPECT_NEAR(ring["bytes"]["busiest_peer_to_a_thousandth"], 8000 * rounds, 1e-2);
  const std::string text = topology({"show", "ring", "-n", "8", "--model-size", "1000"}).out;
  EXPECT_THAT(text, AllOf(HasSubstr("algebraic connectivity 0.585786"), HasSubstr("peer-0, with 2 neighbours"),
                          HasSubstr("in 32 rounds"), HasSubstr("peer-7")));
}

TEST_F(TopologyCommand, ShowReadsTheTrafficOfASwarmFileFromItsModelAndOperator) {
  const std::string swarm = file("a.toml",
                                 "[swarm]\npeers = 4\n[topology]\ngraph = \"star\"\n[learning]\ndataset = "
                                 "\"glyphs\"\nmodel = \"softmax\"\n[compression]\noperator = \"topk(ratio=0.1)\"\n");
  const json star = parsed({"show", swarm});
  EXPECT_EQ(star["graph"], "star");
  EXPECT_THAT(star["bytes"]["operator"].get<std::string>(), StartsWith("topk("));
  EXPECT_GT(star["bytes"]["parameters"], 0);
  EXPECT_EQ(star["bytes"]["busiest_peer_per_round"], 3 * star["bytes"]["message"].get<double>());
  EXPECT_LT(star["bytes"]["message"], 4 * star["bytes"]["parameters"].get<double>());
  EXPECT_EQ(parsed({"show", swarm, "-n", "6"})["peers"], 6);
}

TEST_F(TopologyCommand, ShowSaysWhyTrafficIsUnknown) {
  const std::string swarm = file("b.toml", "[learning]\ndataset = \"mnist\"\ndata = \"/nonexistent\"\n");
  const Outcome shown = topology({"show", swarm});
  EXPECT_EQ(shown.code, 0) << shown.error;
  EXPECT_THAT(shown.out, AllOf(HasSubstr("traffic"), HasSubstr("unknown: "), HasSubstr("/nonexistent")));
}

TEST_F(TopologyCommand, ShowDescribesLargeGraphsWithoutListingThem) {
  const Outcome shown = topology({"show", "ring", "-n", "20000"});
  EXPECT_EQ(shown.code, 0) << shown.error;
  EXPECT_THAT(shown.out, AllOf(HasSubstr("20000"), Not(HasSubstr("peer-19999"))));
  EXPECT_TRUE(parsed({"show", "star", "-n", "20000"})["neighbourhoods"].is_null());
}

TEST_F(TopologyCommand, NumbersOfPeersOutOfBoundsAreRefused) {
  EXPECT_EQ(topology({"show", "ring", "-n", "0"}).code, 2);
  EXPECT_THAT(topology({"show", "ring", "-n", "1000001"}).error, HasSubstr("allowed: 1 to 1000000"));
  EXPECT_THAT(topology({"show", "torus(3, 3)", "-n", "8"}).error, HasSubstr("use rows=2, cols=4"));
  EXPECT_THAT(topology({"show", "no/such/file"}).error, HasSubstr("there is no such file"));
  EXPECT_THAT(topology({"show", "swarm.toml"}).error, HasSubstr("there is no such file"));
}

TEST_F(TopologyCommand, CheckAcceptsWhatADaemonWould) {
  for (const char* spec : {"ring", "star", "erdos-renyi(0.5)", "tree"}) {
    const Outcome checked = topology({"check", spec, "-n", "12"});
    EXPECT_EQ(checked.code, 0) << spec << checked.out;
    EXPECT_THAT(checked.out, AllOf(HasSubstr("ok       connected"), HasSubstr("an algorithm can run on it")));
  }
  EXPECT_THAT(topology({"check", "ring", "--algorithm", "dpsgd"}).out, HasSubstr("dpsgd(order="));
}

TEST_F(TopologyCommand, CheckNamesEveryFaultAndExitsWithTwo) {
  const std::string edges = file("two parts.csv", "0,1\n0,2\n0,3\n4,5\n");
  const Outcome checked = topology({"check", "file(\"" + edges + "\")", "-n", "6", "--weights", "uniform"});
  EXPECT_EQ(checked.code, 2);
  EXPECT_THAT(checked.out, AllOf(HasSubstr("refused  the graph is not connected: it falls into 2 parts"),
                                 HasSubstr("peer-4, peer-5"), HasSubstr("refused  column of peer-0 sums to"),
                                 HasSubstr("weights = \"metropolis\""), HasSubstr("cannot run on it")));
  EXPECT_EQ(topology({"check", "hypercube", "-n", "9"}).code, 2);
  EXPECT_THAT(topology({"check", "hypercube", "-n", "9"}).out, HasSubstr("refused  hypercube needs a power of two"));
  EXPECT_EQ(topology({"check", "ring", "--schedule", "sttaic"}).code, 2);
  const Outcome unknown = topology({"check", "ring", "--algorithm", "choko"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.error, HasSubstr("did you mean \"choco\"?"));
}

TEST_F(TopologyCommand, CheckGivesItsReasonsToPrograms) {
  const Outcome checked = topology({"check", "star", "--weights", "uniform", "--json"});
  EXPECT_EQ(checked.code, 2);
  const json verdict = json::parse(checked.out);
  EXPECT_EQ(verdict["accepted"], false);
  EXPECT_EQ(verdict["reasons"].size(), 1u);
}

TEST_F(TopologyCommand, CompareHasARowForEveryGraphAndSaysWhichDoNotFit) {
  const json table = parsed({"compare", "ring", "complete", "torus(4, 4)", "-n", "16", "--model-size", "100"});
  ASSERT_EQ(table["graphs"].size(), 3u);
  EXPECT_NEAR(table["graphs"][0]["gap"], 0.050747, 5.1e-7);
  EXPECT_EQ(table["graphs"][1]["rounds_to_a_thousandth"], 1);
  EXPECT_EQ(table["graphs"][1]["busiest_bytes_per_round"], 15 * 400);
  EXPECT_NEAR(table["graphs"][2]["gap"], 0.4, 1e-9);
  EXPECT_EQ(table["graphs"][2]["graph"], "torus(rows=4, cols=4)");
  const Outcome partly = topology({"compare", "ring", "hypercube", "rign", "-n", "9"});
  EXPECT_EQ(partly.code, 2);
  EXPECT_THAT(partly.out, AllOf(HasSubstr("ring "), HasSubstr("not on 9 peers:"),
                                HasSubstr("hypercube: hypercube needs"), HasSubstr("did you mean \"ring\"?")));
}

TEST_F(TopologyCommand, DrawWritesTheFormatThatTheFileNameAsksFor) {
  EXPECT_EQ(topology({"draw", "ring", "-n", "5", "-o", path("a.svg")}).code, 0);
  EXPECT_THAT(content("a.svg"), AllOf(StartsWith("<svg "), HasSubstr("</svg>"), HasSubstr("peer-4")));
  EXPECT_EQ(topology({"draw", "ring", "-n", "5", "-o", path("a.dot")}).code, 0);
  EXPECT_EQ(topology({"draw", "ring", "-n", "5", "-o", path("a.graphml")}).code, 0);
  for (const char* name : {"a.dot", "a.graphml"}) {
    EXPECT_EQ(topology::fingerprint(topology::make_graph("file(\"" + path(name) + "\")", 5, 0)),
              topology::fingerprint(topology::make_graph("ring", 5, 0)));
  }
  EXPECT_THAT(topology({"draw", "ring", "--format", "dot"}).out, StartsWith("graph G {"));
  EXPECT_EQ(topology({"draw", "ring", "--format", "png"}).code, 2);
  EXPECT_EQ(topology({"draw", "ring", "-n", "2001"}).code, 2);
  EXPECT_THAT(topology({"draw", "ring", "-o", "/nowhere/a.svg"}).error, HasSubstr("/nowhere/a.svg: cannot be written"));
}

TEST_F(TopologyCommand, DrawShowsRoundsSideBySide) {
  const std::string picture = topology({"draw", "ring", "-n", "5", "--rounds", "3"}).out;
  EXPECT_THAT(picture, AllOf(HasSubstr("round 0"), HasSubstr("round 2"), Not(HasSubstr("round 3"))));
  EXPECT_EQ(topology({"draw", "ring", "--rounds", "1000"}).code, 2);
  EXPECT_EQ(topology({"draw", "ring", "--rounds", "2", "--format", "dot"}).code, 2);
}

TEST_F(TopologyCommand, ListNamesEverythingThatIsRegistered) {
  const std::string text = topology({"list"}).out;
  const json document = json::parse(topology({"list", "--json"}).out);
  std::size_t named = 0;
  for (const auto& row : topology::graph_registry()) {
    EXPECT_THAT(text, HasSubstr(std::string(row.name)));
    for (const auto& listed : document["graphs"]) named += listed["name"] == row.name;
  }
  EXPECT_EQ(named, topology::graph_registry().size());
  EXPECT_THAT(text, AllOf(HasSubstr("static"), HasSubstr("metropolis"), HasSubstr("torus(rows=..., cols=...)")));
}

TEST_F(TopologyCommand, EverySubcommandTeachesByExamples) {
  for (const char* command : {"show", "check", "draw", "compare"})
    EXPECT_THAT(topology({command, "--help"}).out, HasSubstr("  parley topology " + std::string(command))) << command;
}

}  // namespace
}  // namespace parley::daemon
