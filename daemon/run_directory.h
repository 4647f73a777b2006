// The directory into which one run of a swarm writes: RUN/<peer>/{log.txt, metrics.jsonl, result.json, ...}.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace parley::daemon {

/// Makes PARENT/<swarm>-<local time>, a new directory, and sets the link PARENT/latest to it. Returns its absolute
/// path. Throws base::OperatorError if it cannot be made.
std::filesystem::path make_dated_run_directory(const std::filesystem::path& parent, std::string_view swarm);

/// Makes the directory and those of the peers in it, and removes results that an earlier run has left there. Throws
/// base::OperatorError if it cannot.
void prepare_run_directory(const std::filesystem::path& run, std::span<const std::string> peers);

}  // namespace parley::daemon
