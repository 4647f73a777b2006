// What one swarm file, the environment and the command line say together: typed, complete and checked.
//
// Loading reads the one file and nothing else: no sockets, no data, no globals. What can only be known with the graph,
// the model and the data at hand is checked by daemon/plan.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/ids.h"

namespace parley::daemon {

/// Where a value comes from. Precedence: flag, environment, file, default.
struct Origin {
  enum class Kind : std::uint8_t { built_in, file, environment, flag };
  Kind kind = Kind::built_in;
  base::Place place;  ///< for a file: with line and column; else `file` names the variable or the flag

  /// "swarm.toml:3:8", "environment PARLEY_SWARM_ROUNDS", "--set", "default".
  std::string text() const;
};

enum class WhenDone : std::uint8_t {
  exit,  ///< the daemon ends when its last round is done
  wait,  ///< it goes on answering status until it is stopped
};

/// One peer as every peer knows it. Its place in the roster is its base::PeerId.
struct RosterEntry {
  std::string name;
  std::string address;              ///< where the others reach it: "tcp://host:port"
  std::string listen;               ///< what it binds: "tcp://127.0.0.1:7100"; the host is numeric
  std::optional<std::string> data;  ///< its own data file, below learning.data; nothing: a part of learning.dataset
};

/// Every option has a value here; daemon/option_table.cpp says what each means. An empty optional is the word that the
/// option allows instead of a number ("none", "full", "unlimited").
struct Config {
  struct Swarm {
    std::string name;
    std::uint64_t seed = 0;
    std::uint64_t rounds = 0;
    std::size_t peers = 0;  ///< always roster.size()
    std::uint16_t base_port = 0;
    std::string address_template;
    std::string listen;
    std::optional<double> max_seconds;
    std::optional<double> target_accuracy;
    WhenDone when_done = WhenDone::exit;
  } swarm;

  struct Topology {
    std::string graph, schedule, weights;
  } topology;

  struct Learning {
    std::string model, dataset, data, partition, optimizer, decay, init;
    std::optional<std::size_t> batch;  ///< nothing: full batch
    double learning_rate = 0;
    std::uint64_t evaluate_every = 0;
  } learning;

  struct Gossip {
    std::string algorithm;
  } gossip;

  struct Compression {
    std::string op;  ///< compression.operator
    std::string feedback;
  } compression;

  struct Simulation {
    std::chrono::nanoseconds latency{};
    std::optional<double> bandwidth;  ///< bits per second; nothing: unlimited
    std::chrono::nanoseconds compute{};
  } simulation;

  struct Wire {
    std::uint32_t window = 0;
    std::chrono::nanoseconds resend_after{}, ping_every{}, suspect_after{};
    std::uint32_t max_offences = 0;
  } wire;

  struct Security {
    bool insecure = false;
  } security;

  struct Control {
    std::string endpoint;
  } control;

  struct Metrics {
    std::string run_dir;  ///< with "{name}" replaced; empty: nothing is written
    std::uint64_t every = 0;
  } metrics;

  struct Log {
    std::string level, file;
    std::int64_t max_size = 0;  ///< bytes
  } log;

  struct Daemon {
    std::size_t threads = 0;
    std::chrono::nanoseconds drain_timeout{};
  } daemon;

  std::vector<RosterEntry> roster;
  std::filesystem::path file;
  std::map<std::string, Origin, std::less<>> origins;  ///< by "section.key", of every option

  /// The place to name in an error about the value of "section.key".
  base::Place place_of(std::string_view key) const;
};

/// Environment variables by name. main passes those of the process; tests pass their own.
using Environment = std::map<std::string, std::string, std::less<>>;
Environment process_environment();

/// Reads a swarm file. `overrides` are texts "section.key=value", later ones win. Throws base::OperatorError with
/// place, what was found and what is allowed.
Config load_config(const std::filesystem::path& file, std::span<const std::string> overrides,
                   const Environment& environment);

/// The same over a text; `name` stands for the file in messages.
Config parse_config(std::string_view text, const std::string& name, std::span<const std::string> overrides,
                    const Environment& environment);

/// The place of the peer with that name. Throws base::OperatorError with the nearest name that there is.
base::PeerId peer_index(const Config& config, std::string_view name);

/// What peers compare when they greet each other, in a fixed order: every option that must agree, specs in canonical
/// form, and the roster. Two configurations that mean the same have the same terms.
std::vector<std::pair<std::string, std::string>> agreement_terms(const Config& config);

/// 16 hexadecimal digits, the XXH3-64 of the agreement terms.
std::string config_hash(const Config& config);

/// Runs `build` and gives an operator's error in it the place of the option that it is about, unless it names a file
/// of its own.
template <class Build>
auto build_from(const Config& config, std::string_view key, Build&& build) {
  try {
    return build();
  } catch (const base::OperatorError& error) {
    if (!error.place().file.empty()) throw;
    throw base::OperatorError(config.place_of(key), error.message());
  }
}

}  // namespace parley::daemon
