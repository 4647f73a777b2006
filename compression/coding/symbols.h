// A payload taken apart into symbols, and put together again.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "compression/compressor.h"

namespace parley::compression {

/// What an operator says about its payloads of d floats (Compressor::for_each_stretch).
struct Division {
  Division(const Compressor& compressor, std::size_t d);

  bool known;  ///< false: a payload is bytes of which nothing is known, of any number
  std::size_t bytes = 0;
  std::size_t codes = 0;
  unsigned bits = 0;  ///< of a code; 0: there are none. Codes of 1, 2 and 4 bits are taken by the byte, as 8

  /// Codes of more than eight bits lie in planes: plane 0 has their lowest bits, 1 to 8 of them, the others eight each.
  std::size_t planes() const { return (bits + 7) / 8; }
  unsigned plane_bits(std::size_t plane) const {
    return plane > 0 ? 8 : bits - 8 * static_cast<unsigned>(planes() - 1);
  }
};

/// The parts of a payload. Keeps its memory, so that it allocates on its first calls only.
struct Symbols {
  std::vector<std::uint8_t> bytes;
  std::array<std::vector<std::uint8_t>, 4> planes;

  /// Makes room for a payload of which this is known.
  void resize(const Division& division);
  /// Precondition: the payload is as its operator says, and there is room.
  void take_apart(const Compressor& compressor, std::size_t d, const Division& division,
                  std::span<const std::byte> payload);
  /// The inverse.
  void put_together(const Compressor& compressor, std::size_t d, const Division& division,
                    std::span<std::byte> payload) const;
};

}  // namespace parley::compression
