// What the tests of the real programs share: a place for their files, and a small swarm.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "program.h"
#include "scratch_directory.h"

namespace parley::daemon {

using nlohmann::json;

/// A swarm file in a directory of its own, and the environment that keeps its daemons there.
class EndToEnd : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const auto path = scratch / name;
    std::ofstream(path) << text;
    return path.string();
  }
  Finished parley(std::vector<std::string> arguments) { return run_program("parley", arguments, environment()); }
  std::vector<std::pair<std::string, std::string>> environment() const {
    return {{"PARLEY_RUNTIME_DIR", (scratch / "run").string()},
            {"PARLEY_METRICS_RUN_DIR", (scratch / "runs").string()}};
  }
  std::string run_directory(const std::string& name) const { return (scratch / name).string(); }

  /// The JSON document of a run that ended well.
  json document(std::vector<std::string> arguments) {
    const Finished finished = parley(std::move(arguments));
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    json parsed = json::parse(finished.out, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << finished.out;
    return parsed;
  }

  static std::vector<std::string> hashes(const json& report) {
    std::vector<std::string> result;
    for (const json& peer : report.at("peers")) result.push_back(peer.at("model_hash"));
    return result;
  }

  ScratchDirectory scratch;
};

/// "swarm.base_port=P" such that P .. P + 3 are free. Below the range from which the kernel gives ports away by itself.
std::string free_base_port();

inline constexpr const char* kSmallSwarm = R"toml(
[swarm]
name = "small"
rounds = 12
peers = 4
[learning]
dataset = "glyphs(train=400, test=100)"
model = "mlp(hidden=16)"
batch = 300
learning_rate = 0.1
evaluate_every = 6
)toml";

}  // namespace parley::daemon
