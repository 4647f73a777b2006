// One compression operator on one vector: how small, how wrong, how fast. For `parley compressors --try`.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "compression/compressor.h"

namespace parley::daemon {

/// What an operator did to a vector x of d floats.
struct Trial {
  std::string spec;  ///< canonical
  std::size_t d = 0;
  compression::Properties properties;  ///< what it declares
  std::size_t payload_bytes = 0;
  double error = 0;           ///< |C(x) - x|^2 / |x|^2; 0 for x = 0
  double encode_seconds = 0;  ///< of the fastest of some runs, on one thread
  double decode_seconds = 0;  ///< of decoding and adding
  double copy_seconds = 0;    ///< of copying the same floats
};

/// Encodes and decodes x. Throws base::OperatorError for a spec that cannot be built, and for an x that the operator
/// refuses.
Trial try_compressor(const std::string& spec, std::span<const float> x);

/// d floats of the standard normal distribution, the same every time.
std::vector<float> gaussian_floats(std::size_t d);
/// The elements of an NPY file, whatever its shape. Throws base::OperatorError.
std::vector<float> npy_floats(const std::filesystem::path& file);

std::string trial_text(const Trial& trial);
std::string trial_json(const Trial& trial);

}  // namespace parley::daemon
