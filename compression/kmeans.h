// Lloyd's iteration over the floats of a vector, with or without weights.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "compression/compressor.h"

namespace parley::compression {

struct KmeansOptions {
  std::size_t k;
  std::size_t iterations;
  bool warm;
  /// If given, coordinate i weighs (1 - floor) |x_i| / mean |x| + floor, with |x_i| as the mean of its bin; 0 < floor
  /// <=
  /// 1. With 1 nothing differs from no weights, to the bit.
  std::optional<double> floor;
};

std::unique_ptr<Compressor> make_kmeans(std::string spec, std::uint8_t wire_id, const KmeansOptions& options);

}  // namespace parley::compression
