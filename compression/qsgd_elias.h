// qsgd with its levels in Elias codes.
#pragma once

#include <memory>
#include <string>

#include "compression/coding/dither.h"
#include "compression/compressor.h"

namespace parley::compression {

/// The wire id of its payloads, apart from that of the row, which is the fixed width's.
inline constexpr std::uint8_t kQsgdEliasWireId = 37;

std::unique_ptr<Compressor> make_qsgd_elias(std::string spec, const LevelDither& dither);

}  // namespace parley::compression
