// Operators that send vectors of m floats as numbers of codebooks: the vector, then what is left of it, and so on.
//
//   payload := rest stage*                          or d x f32, if that is no longer
//   rest    := (d mod m) x f32                      the last coordinates, as they are
//   stage   := codebook indices                     `stages` of them
//   codebook := k x m x f32                         strictly ascending in the order of the first floats that differ, up
//                                                   to the last that is in use, which is then repeated; no -0
//   indices := ceil(n*width/8) x u8                 for n = floor(d/m) vectors, of width = bit_width(k - 1) bits, least
//                                                   significant first; pad bits are zero
//
//   C(x) = c_1 + ... + c_stages, in this order, limited to the finite floats
//
// Vector i is coordinates i m .. i m + m - 1. A stage codes what the stages before have left, x u - c_1 u - ..., with u
// the power of two that brings the largest magnitude into [1, 2), so that nothing overflows. Centroids are the means of
// their cells over all vectors, so a stage never adds to the error, and holds what VectorCodebook promises:
// delta = 1 - (1 - promised)^stages. The first t stages are what an operator with t stages sends (from a cold start).
// start = warm begins with the codebooks of the last call, scaled by the root mean squares.
#pragma once

#include <memory>
#include <string>

#include "compression/compressor.h"

namespace parley::compression {

struct VectorQuantiserOptions {
  std::size_t m;  ///< at most 8
  std::size_t k;  ///< 2 to 256
  std::size_t stages;
  std::size_t iterations;
  bool warm;
};

std::unique_ptr<Compressor> make_vector_quantiser(std::string spec, std::uint8_t wire_id,
                                                  const VectorQuantiserOptions& options);

}  // namespace parley::compression
