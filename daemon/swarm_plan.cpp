#include "daemon/swarm_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "daemon/endpoint.h"
#include "daemon/run_directory.h"
#include "daemon/runtime_directory.h"

namespace parley::daemon {
namespace {

namespace fs = std::filesystem;

/// What a daemon gets beyond its drain_timeout, which it keeps itself, to write its results.
constexpr std::chrono::seconds kTimeToLeave{5};

bool has_own_addresses(const Config& config) {
  // Without addresses of their own, peer i listens on base_port + i, whatever base_port is.
  const auto first = parse_tcp_endpoint(config.roster.front().address);
  for (std::size_t i = 0; i < config.roster.size(); ++i)
    if (config.roster[i].address != fmt::format("tcp://127.0.0.1:{}", first->port + i)) return true;
  return !config.swarm.address_template.empty();
}

void refuse_other_machines(const Config& config) {
  for (const RosterEntry& peer : config.roster)
    if (const auto endpoint = parse_tcp_endpoint(peer.address); !endpoint || !endpoint->is_loopback())
      throw base::OperatorError(
          {.file = config.file.string(), .line = 0, .column = 0, .key = "peer.address"},
          fmt::format(
              "`parley swarm` runs all peers on this machine, but {} is at {}; leave out the addresses, or start "
              "`parleyd --config {} --peer {}` there",
              peer.name, peer.address, config.file.string(), peer.name));
}

fs::path run_directory(const Config& config, const std::optional<fs::path>& given) {
  if (given) return fs::absolute(*given);
  const auto origin = config.origins.find("metrics.run_dir");
  const bool configured = origin != config.origins.end() && origin->second.kind != Origin::Kind::built_in;
  if (configured && !config.metrics.run_dir.empty()) return fs::absolute(config.metrics.run_dir);
  return make_dated_run_directory("runs", config.swarm.name);
}

}  // namespace

PreparedSwarm prepare_swarm(const Config& config, const SwarmSettings& settings) {
  refuse_other_machines(config);
  PreparedSwarm prepared;
  std::vector<std::string> overrides = settings.overrides;
  if (config.swarm.base_port == 0 && !has_own_addresses(config)) {
    prepared.ports.emplace(config.roster.size());
    overrides.push_back(fmt::format("swarm.base_port={}", prepared.ports->first()));
  }
  SwarmPlan& plan = prepared.plan;
  plan.swarm = config.swarm.name;
  plan.config_hash = config_hash(config);
  plan.drain_timeout = std::chrono::ceil<std::chrono::milliseconds>(config.daemon.drain_timeout) + kTimeToLeave;

  std::vector<std::string> names, endpoints;
  for (const RosterEntry& peer : config.roster) {
    names.push_back(peer.name);
    endpoints.push_back(control_endpoint(settings.runtime_directory, config.swarm.name, peer.name));
  }
  make_runtime_directory(settings.runtime_directory);
  plan.run_directory = run_directory(config, settings.directory);
  prepare_run_directory(plan.run_directory, names);
  overrides.push_back("metrics.run_dir=" + plan.run_directory.string());
  overrides.push_back(fmt::format("swarm.when_done={}", settings.keep ? "wait" : "exit"));

  for (std::size_t i = 0; i < names.size(); ++i) {
    std::vector<std::string> arguments = {settings.parleyd.string(), "--config", config.file.string(), "--peer",
                                          names[i]};
    const auto set = [&](std::string value) {
      arguments.push_back("--set");
      arguments.push_back(std::move(value));
    };
    for (const std::string& value : overrides) set(value);
    set("control.endpoint=" + endpoints[i]);
    plan.peers.push_back({.name = names[i], .arguments = std::move(arguments), .control_endpoint = endpoints[i]});
  }
  return prepared;
}

}  // namespace parley::daemon
