// What every reader is put through: a file of arbitrary bytes is read or refused with an OperatorError, and nothing
// else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace parley::learning {

/// A file in memory that holds these bytes until the next call; its name is the same every time.
std::filesystem::path fuzzed_file(std::span<const std::uint8_t> bytes);

/// Opens the spec, in which {} stands for the file, loads everything and reads every sample.
void load_everything(const char* spec, std::span<const std::uint8_t> bytes);

}  // namespace parley::learning
