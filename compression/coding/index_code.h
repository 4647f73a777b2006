// Which coordinates a sparse payload holds, in as few bits as the simple codes allow.
//
//   indices := code:u8 [count:u32] bits
//   code    := 0..31    gap codes (Rice) with that parameter b: each gap as gap >> b zeros, a one, and the b low bits
//            | 32       every index in bit_width(d - 1) bits
//            | 33       nothing: all d coordinates
//            | 34       gaps as bytes of seven bits, the lowest first; the highest bit of a byte says that more follow
//            | 35       gap codes by the run of 128 indices: five bits with the run's parameter b, then its gaps
//            | +128     fewer than the agreed number are held: their count follows
//
// Indices ascend strictly; the gap of the first is itself, later ones are i_j - i_{j-1} - 1. Bits go least significant
// first and are padded with zeros to a byte. Gap codes with b = 0 are the bitmap up to the last index, so the bitmap is
// not a code of its own; and no Elias-Fano code is shorter than the gap code with as many low bits. Runs pay where the
// density changes along the vector, as it does from tensor to tensor; bytes where dense clusters lie far apart.
//
// The sender takes the code of the fewest bits, of equals the smallest number, and so for the parameter of each run.
// The receiver refuses any other: equal indices have equal bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"

namespace parley::compression {

/// An upper bound on what encode_indices writes for up to k of d indices.
std::size_t max_indices_size(std::size_t d, std::size_t k);

/// The expected size in bits for k of d indices drawn at random, without the byte of the code.
double expected_index_bits(std::size_t d, std::size_t k);

/// Writes `indices`, strictly ascending and below d, at most k of them, and returns the bytes written.
/// Precondition: d < 2^32 and k <= d.
std::size_t encode_indices(std::span<const std::uint32_t> indices, std::size_t d, std::size_t k, std::byte* to);

struct DecodedIndices {
  std::size_t count;  ///< how many were written to the front of `indices`
  std::size_t bytes;  ///< how many bytes they took
};

/// Reads indices from the front of `from` into `indices`, which has room for k.
base::Result<DecodedIndices> decode_indices(std::span<const std::byte> from, std::size_t d, std::size_t k,
                                            std::span<std::uint32_t> indices);

}  // namespace parley::compression
