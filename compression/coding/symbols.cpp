#include "compression/coding/symbols.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/error.h"
#include "compression/coding/bit_stream.h"
#include "compression/kernels/codebook.h"

namespace parley::compression {
namespace {

// Calls are passed by std::ref, because a function object of so many references would be allocated.

std::size_t code_bytes(const Stretch& stretch) {
  return (stretch.codes * stretch.bits + 7) / 8;
}

/// Codes that fill bytes are taken by the byte: as good as one by one, and sooner done.
Stretch by_the_byte(const Stretch& stretch) {
  if (stretch.codes == 0 || 8 % stretch.bits != 0) return stretch;
  return {stretch.bytes, code_bytes(stretch), 8};
}

}  // namespace

Division::Division(const Compressor& compressor, std::size_t d) {
  std::size_t size = 0;
  const auto use = [&](const Stretch& said) {
    const Stretch stretch = by_the_byte(said);
    PARLEY_CHECK(stretch.codes == 0 || (stretch.bits > 0 && stretch.bits <= 32), stretch.bits);
    PARLEY_CHECK(stretch.codes == 0 || bits == 0 || bits == stretch.bits, bits, stretch.bits);
    if (stretch.codes > 0) bits = stretch.bits;
    bytes += stretch.bytes;
    codes += stretch.codes;
    size += stretch.bytes + code_bytes(stretch);
  };
  compressor.for_each_stretch(d, std::ref(use));
  known = size > 0;
  PARLEY_CHECK(!known || size == compressor.max_payload_size(d), size, compressor.spec());
}

void Symbols::resize(const Division& division) {
  bytes.resize(division.bytes);
  for (std::size_t plane = 0; plane < division.planes(); ++plane) planes[plane].resize(division.codes);
}

void Symbols::take_apart(const Compressor& compressor, std::size_t d, const Division& division,
                         std::span<const std::byte> payload) {
  std::size_t byte = 0, code = 0;
  const auto use = [&](const Stretch& said) {
    const Stretch stretch = by_the_byte(said);
    if (stretch.bytes > 0) std::memcpy(bytes.data() + byte, payload.data(), stretch.bytes);
    byte += stretch.bytes;
    const auto codes = payload.subspan(stretch.bytes, code_bytes(stretch));
    if (division.planes() == 1) {
      kernels::unpack_indices(codes.data(), stretch.codes, division.bits, planes[0].data() + code);
    } else {
      BitReader in(codes);
      for (std::size_t i = code; i < code + stretch.codes; ++i)
        for (std::size_t plane = 0; plane < division.planes(); ++plane)
          planes[plane][i] = static_cast<std::uint8_t>(in.get(division.plane_bits(plane)));
    }
    code += stretch.codes;
    payload = payload.subspan(stretch.bytes + codes.size());
  };
  compressor.for_each_stretch(d, std::ref(use));
}

void Symbols::put_together(const Compressor& compressor, std::size_t d, const Division& division,
                           std::span<std::byte> payload) const {
  std::size_t byte = 0, code = 0;
  const auto use = [&](const Stretch& said) {
    const Stretch stretch = by_the_byte(said);
    if (stretch.bytes > 0) std::memcpy(payload.data(), bytes.data() + byte, stretch.bytes);
    byte += stretch.bytes;
    const auto codes = payload.subspan(stretch.bytes, code_bytes(stretch));
    if (division.planes() == 1) {
      kernels::pack_indices(planes[0].data() + code, stretch.codes, division.bits, codes.data());
    } else {
      BitWriter out(codes.data());
      for (std::size_t i = code; i < code + stretch.codes; ++i)
        for (std::size_t plane = 0; plane < division.planes(); ++plane)
          out.put(planes[plane][i], division.plane_bits(plane));
      out.finish();
    }
    code += stretch.codes;
    payload = payload.subspan(stretch.bytes + codes.size());
  };
  compressor.for_each_stretch(d, std::ref(use));
}

}  // namespace parley::compression
