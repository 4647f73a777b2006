// The real program: messages on standard error, results on standard output, exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace parley::daemon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Outcome {
  int code = -1;
  std::string text;  ///< of the stream that was asked for
};

enum class Read { output, errors };

/// Runs `parley ARGUMENTS`, through a shell, in an environment without variables of Parley.
Outcome run(const std::string& arguments, Read read) {
  const std::string streams = read == Read::output ? " 2>/dev/null" : " 2>&1 >/dev/null";
  const std::string command = "env -i " + std::string(PARLEY_PROGRAM) + " " + arguments + streams;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  Outcome outcome;
  std::array<char, 4096> block{};
  for (std::size_t count = 0; (count = fread(block.data(), 1, block.size(), pipe)) > 0;)
    outcome.text.append(block.data(), count);
  const int status = pclose(pipe);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

class Program : public ::testing::Test {
 protected:
  Program() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parley-program-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~Program() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }

  /// One line, "parley: error: PLACE...", and exit code 2.
  void expect_refused(const std::string& arguments, const std::string& place, const std::string& part) const {
    const Outcome outcome = run(arguments, Read::errors);
    EXPECT_EQ(outcome.code, 2) << arguments;
    EXPECT_THAT(outcome.text, AllOf(StartsWith("parley: error: " + place), HasSubstr(part)));
    EXPECT_EQ(std::count(outcome.text.begin(), outcome.text.end(), '\n'), 1) << outcome.text;
  }

  std::filesystem::path directory_;
};

TEST_F(Program, AnUnknownKeyIsRefused) {
  const std::string path = file("a.toml", "[swarm]\nruonds = 1\n");
  expect_refused("config check " + path, path + ":2:1: swarm.ruonds: ", "did you mean \"rounds\"?");
}

TEST_F(Program, AWrongTypeIsRefused) {
  const std::string path = file("a.toml", "[swarm]\nrounds = \"many\"\n");
  expect_refused("config check " + path, path + ":2:10: swarm.rounds: ", "allowed: a whole number");
}

TEST_F(Program, ATopologyThatDoesNotFitIsRefused) {
  const std::string path = file("a.toml", "[swarm]\npeers = 8\n[topology]\ngraph = \"torus(rows=3, cols=3)\"\n");
  expect_refused("config check " + path, path + ":4:9: topology.graph: ", "8");
}

TEST_F(Program, ADisconnectedGraphIsRefused) {
  const std::string edges = file("edges.csv", "0,1\n2,3\n");
  const std::string path = file("a.toml", "[swarm]\npeers = 4\n[topology]\ngraph = \"file(" + edges + ")\"\n");
  expect_refused("config check " + path, path + ":4:9: topology.graph: ", "connected");
}

TEST_F(Program, AnUnknownOperatorIsRefusedWithASuggestion) {
  const std::string path = file("a.toml", "[compression]\noperator = \"topj\"\n");
  expect_refused("config check " + path, path + ":2:12: compression.operator: ", "did you mean \"topk\"?");
}

TEST_F(Program, ABadSpecIsRefusedWithItsColumn) {
  const std::string path = file("a.toml", "[compression]\noperator = \"topk(ratio=0.1\"\n");
  expect_refused("config check " + path, path + ":2:12: compression.operator: ", "column 15");
}

TEST_F(Program, AMissingFileIsRefused) {
  expect_refused("config check /nonexistent.toml", "/nonexistent.toml: ", "parley config sample");
}

TEST_F(Program, MissingDataAreRefused) {
  const std::string path = file("a.toml", "[learning]\ndataset = \"mnist\"\ndata = \"/nonexistent\"\n");
  expect_refused("config check " + path, "", "/nonexistent");
}

TEST_F(Program, AnUnknownCommandIsRefusedWithASuggestion) {
  expect_refused("confg", "unknown command \"confg\"; ", "did you mean \"config\"?");
}

TEST_F(Program, AnUnknownFlagIsRefused) {
  expect_refused("config sample --colour", "", "--colour");
}

TEST_F(Program, HelpTeachesWithExamples) {
  for (const char* arguments : {"", "--help"}) {
    const Outcome help = run(arguments, Read::output);
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.text, AllOf(HasSubstr("Examples:"), HasSubstr("Exit codes"), HasSubstr("compressors")));
  }
  EXPECT_THAT(run("topology show --help", Read::output).text,
              AllOf(HasSubstr("parley topology show"), HasSubstr("Examples:")));
}

TEST_F(Program, TheSampleIsAcceptedByExplain) {
  const std::string path = file("sample.toml", run("config sample", Read::output).text);
  const Outcome explained = run("config explain " + path + " --set swarm.rounds=9", Read::output);
  EXPECT_EQ(explained.code, 0);
  EXPECT_THAT(explained.text, HasSubstr("--set"));
}

TEST_F(Program, TopologiesAreShownBySpecAndByFile) {
  const auto by_spec = nlohmann::json::parse(run("topology show ring --peers 5 --json", Read::output).text);
  EXPECT_EQ(by_spec["edges"], 5);
  EXPECT_EQ(by_spec["diameter"], 2);
  const std::string path = file("a.toml", "[swarm]\npeers = 5\n[topology]\ngraph = \"complete\"\n");
  const auto by_file = nlohmann::json::parse(run("topology show " + path + " --json", Read::output).text);
  EXPECT_EQ(by_file["edges"], 10);
  EXPECT_EQ(by_file["neighbourhoods"][0]["neighbours"].size(), 4);
}

TEST_F(Program, CompressorsAreListed) {
  const auto rows = nlohmann::json::parse(run("compressors --json", Read::output).text);
  bool has_identity = false;
  for (const auto& row : rows) {
    if (row["name"] != "identity") continue;
    has_identity = true;
    EXPECT_EQ(row["properties"]["bits_per_coordinate"], 32);
  }
  EXPECT_TRUE(has_identity);
}

TEST_F(Program, VersionIsPrinted) {
  EXPECT_THAT(run("version", Read::output).text, StartsWith("parley "));
  EXPECT_EQ(run("--version", Read::output).text, run("version", Read::output).text);
}

}  // namespace
}  // namespace parley::daemon
