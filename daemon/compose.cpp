#include "daemon/compose.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "base/spec.h"
#include "daemon/option_value.h"
#include "daemon/options.h"

namespace parley::daemon {
namespace {

/// A YAML string in double quotes, which are JSON's, with nothing left for Compose to substitute.
std::string quote(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped += c == '$' ? std::string("$$") : std::string(1, c);
  return nlohmann::json(escaped).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

/// Compose takes a path for a volume's name unless it starts like a path.
std::string host_path(const std::filesystem::path& path) {
  const std::string text = path.lexically_normal().string();
  return path.is_absolute() || text.starts_with("..") ? text : "./" + text;
}

/// The directory that a container's process works in: relative paths of the configuration are looked up there.
constexpr std::string_view kWorkingDirectory = "/var/lib/parley";

/// Where a file that the configuration names is in the container.
std::string container_path(const std::filesystem::path& path) {
  return (std::filesystem::path(kWorkingDirectory) / path).lexically_normal().string();  // an absolute one stays
}

/// The path of "file(...)", for keys whose spec may name a file beside the data set.
std::vector<std::string> files_of(const Config& config) {
  std::vector<std::string> files;
  for (const std::string& text : {config.topology.graph, config.learning.init}) {
    const base::Spec spec = base::parse_spec(text);
    if (spec.name == "file" && !spec.arguments.empty()) files.push_back(spec.arguments.front().value);
  }
  return files;
}

bool needs_data(const Config& config) {
  for (const RosterEntry& peer : config.roster) {
    if (peer.data) return true;
  }
  return base::parse_spec(config.learning.dataset).name != "glyphs";
}

std::string volumes(const Config& config) {
  const auto line = [](const std::string& mount) { return fmt::format("    - {}\n", quote(mount)); };
  std::string text = line(host_path(config.file) + ":/etc/parley/swarm.toml:ro");
  for (const std::string& file : files_of(config)) text += line(host_path(file) + ":" + container_path(file) + ":ro");
  if (needs_data(config)) {
    const bool is_known = !config.learning.data.empty();
    // Left to Compose, so that the file serves on machines where the data lie elsewhere.
    text += is_known ? line(host_path(config.learning.data) + ":/data:ro")
                     : "    - \"${PARLEY_DATA:?set it to the directory with the data set}:/data:ro\"\n";
  }
  return text + "    - runs:/var/lib/parley\n";
}

/// What overrides the swarm file in every container, by variable.
std::map<std::string, std::string> environment(const Config& config) {
  std::map<std::string, std::string> variables;
  for (const Option& option : option_table()) {
    const Origin::Kind kind = config.origins.find(option.name())->second.kind;
    if (kind == Origin::Kind::flag || kind == Origin::Kind::environment)
      variables[environment_name(option)] = format_value(option, option.field.get(config));
  }
  variables["PARLEY_SWARM_ADDRESS_TEMPLATE"] = "tcp://{name}:7100";
  variables["PARLEY_SWARM_LISTEN"] = "tcp://0.0.0.0:7100";
  variables["PARLEY_SECURITY_INSECURE"] = "true";
  variables["PARLEY_SWARM_WHEN_DONE"] = "wait";
  variables["PARLEY_CONTROL_ENDPOINT"] = "auto";
  variables["PARLEY_METRICS_RUN_DIR"] = fmt::format("{}/{{name}}", kWorkingDirectory);
  variables["PARLEY_LOG_FILE"] = "";
  if (needs_data(config))
    variables["PARLEY_LEARNING_DATA"] = "/data";
  else
    variables.erase("PARLEY_LEARNING_DATA");
  return variables;
}

std::string peer_template(const Config& config, const std::string& image) {
  const auto drain = std::chrono::ceil<std::chrono::seconds>(config.daemon.drain_timeout);
  return fmt::format(R"(
x-peer: &peer
  image: {image}
  # A peer needs no privileges: another user than root, no capabilities, and nothing to write to but these mounts.
  user: "10001:10001"
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  read_only: true
  tmpfs:
    - /run/parley:uid=10001,gid=10001,mode=0700
    - /tmp:mode=1777
  volumes:
{volumes}  networks: [swarm]
  healthcheck:
    test: ["CMD", "parley", "status", "--quiet"]
    interval: 10s
    timeout: 5s
    start_period: 60s
    retries: 3
  stop_signal: SIGTERM
  stop_grace_period: {grace}s  # longer than daemon.drain_timeout
)",
                     fmt::arg("image", quote(image)), fmt::arg("volumes", volumes(config)),
                     fmt::arg("grace", (drain + std::chrono::seconds(5)).count()));
}

constexpr std::string_view kEnvironmentPreface = R"(
# PARLEY_SWARM_ADDRESS_TEMPLATE: containers are reached by their names, one port each.
# PARLEY_SECURITY_INSECURE: the network below belongs to these containers alone. Links across networks need keys, which
# come with a later version.
# PARLEY_SWARM_WHEN_DONE: after its last round a peer goes on answering `parley status`.
x-environment: &environment
)";

}  // namespace

std::string compose_file(const Config& config, const std::string& image) {
  std::string text = fmt::format(
      "# Swarm \"{}\", {} peers: made by `parley compose {}`, for docker-compose 1.29 and for Compose v2.\n"
      "#\n"
      "# docker build -f docker/Dockerfile -t {} .  (from the top of Parley's sources: makes the image)\n"
      "# docker-compose up                          (starts the swarm)\n"
      "# docker-compose exec {} parley status       (what that peer is doing)\n"
      "# docker-compose down --volumes              (stops it and throws the results away)\n",
      config.swarm.name, config.roster.size(), config.file.filename().string(), image, config.roster.front().name);
  text += peer_template(config, image);
  text += kEnvironmentPreface;
  for (const auto& [variable, value] : environment(config)) text += fmt::format("  {}: {}\n", variable, quote(value));
  text += "\nservices:\n";
  for (const RosterEntry& peer : config.roster)
    text +=
        fmt::format("  {0}: {{<<: *peer, environment: {{<<: *environment, PARLEY_PEER: {0}}}}}\n", quote(peer.name));
  text += "\nnetworks:\n  swarm:\n    internal: true  # no way in or out\n\nvolumes:\n  runs: {}\n";
  return text;
}

}  // namespace parley::daemon
