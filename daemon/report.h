// Status and results as JSON: one per-peer object for result.json, `parley status`, `parley swarm` and `parley
// simulate`.
//
// Quantities that are not known are null, as is what JSON has no number for (a loss that has become infinite). Numbers
// read back to the same bits. The order of the fields is part of the format, so that two documents can be compared.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "wire/control.h"

namespace parley::daemon {

using Json = nlohmann::ordered_json;

/// What a peer has achieved: name, round, model_hash, train_loss, test_loss, test_accuracy, consensus_distance,
/// bytes{sent,received}, seconds{...}, max_rss_bytes.
Json result_object(const wire::PeerStatus& status);

/// result_object() followed by swarm, config_hash, state, failure, pid, uptime_seconds, rounds, loss, waiting_for,
/// waiting_seconds and neighbours.
Json status_object(const wire::PeerStatus& status);

/// The inverse of status_object(). Fields that are missing keep their default, unknown ones are ignored; a field of the
/// wrong type is refused ("bad_field"), as is what is no object or has no name.
base::Result<wire::PeerStatus> status_from(const Json& object);

/// Writes status_object() to the file by way of a temporary one beside it, so that a reader sees all of it or nothing.
/// Throws base::OperatorError if it cannot be written.
void write_result(const std::filesystem::path& file, const wire::PeerStatus& status);
/// Refusals: "no_file", "not_json" and those of status_from().
base::Result<wire::PeerStatus> read_result(const std::filesystem::path& file);

/// How a swarm, real or simulated, has ended.
struct SwarmReport {
  std::string config_hash;
  std::uint64_t rounds = 0;               ///< the round that every peer has completed
  double seconds = 0;                     ///< of wall time
  std::optional<double> virtual_seconds;  ///< only of a simulation
  std::vector<wire::PeerStatus> peers;
};

/// {"config_hash", "rounds", "seconds", ["virtual_seconds",] "peers": [result_object...]}
Json swarm_object(const SwarmReport& report);

/// The text of a document: indented by two, invalid UTF-8 replaced, without a newline at the end.
std::string json_text(const Json& document);

}  // namespace parley::daemon
