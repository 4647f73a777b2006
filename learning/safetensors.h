// Models on disk, in the safetensors format that the rest of the field reads.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "base/layout.h"

namespace parley::learning {

/// Writes x as one F32 tensor per tensor of the layout, with string metadata. Atomic: a temporary file, flushed, then
/// renamed. Throws base::OperatorError if the file cannot be written.
void write_safetensors(const std::filesystem::path& path, const base::ParameterLayout& layout, std::span<const float> x,
                       const std::map<std::string, std::string>& metadata);

/// Reads a model of exactly this layout into x. Throws base::OperatorError naming the file, the offset or tensor, what
/// was found and what is needed, also if a number is not finite; x then holds no particular values. A lying header
/// cannot cause a large allocation.
void read_safetensors(const std::filesystem::path& path, const base::ParameterLayout& layout, std::span<float> x);

}  // namespace parley::learning
