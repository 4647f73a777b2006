// fake_swarm RUN_DIRECTORY DRAIN_MS ROUNDS BEHAVIOUR...: what `parley swarm --json` does, with one fake_peer of each
// behaviour.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "daemon/command_line.h"
#include "daemon/process.h"
#include "daemon/run_directory.h"
#include "daemon/runtime_directory.h"
#include "daemon/swarm.h"

namespace {

using namespace parley::daemon;

int run(int argc, char** argv) {
  if (argc < 5) return 64;
  SwarmPlan plan;
  plan.swarm = "fake";
  plan.config_hash = "00000000000000aa";
  plan.run_directory = argv[1];
  plan.drain_timeout = std::chrono::milliseconds(std::atoi(argv[2]));
  plan.poll_every = std::chrono::milliseconds(10);
  std::vector<std::string> names;
  for (int i = 4; i < argc; ++i) names.push_back(fmt::format("peer-{}", i - 4));
  prepare_run_directory(plan.run_directory, names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string endpoint = control_endpoint(plan.run_directory, "fake", names[i]);
    plan.peers.push_back({.name = names[i],
                          .arguments = {program_beside_this("fake_peer").string(), names[i], endpoint,
                                        (plan.run_directory / names[i]).string(), argv[3], argv[4 + i]},
                          .control_endpoint = endpoint});
  }
  SwarmOutcome outcome;
  {
    Progress progress(stderr, 0);
    outcome = run_swarm(plan, progress);
  }
  if (!outcome.error.empty()) fmt::print(stderr, "error: {}\n", outcome.error);
  fmt::print("{}\n", json_text(swarm_object(outcome.report)));
  return outcome.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  return guarded_main("fake_swarm", [&] { return run(argc, argv); });
}
