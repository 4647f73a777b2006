// Random rounding to powers of two of a bucket's norm, which natural dithering and NUQSGD share.
//
//   header := norm:f32;  codes are two's complement
//
//   r = |x_i| / norm is rounded at random between its neighbours among 0, 2^-finest, 2^(1-finest), ..., 1, so that the
//   mean is r. Code c stands for sign(c) 2^(|c| - 1 - finest), and 0 for 0:
//   C(x)_i = norm sign(c) 2^(|c| - 1 - finest) / (1 + shrink),  shrink = omega of the bucket, or 0 for unbiased scaling
//
// A bucket whose finest level would not be a normal float is sent as zeros.
#pragma once

#include <memory>
#include <string>

#include "compression/coding/dither.h"
#include "compression/compressor.h"

namespace parley::compression {

struct PowerLevels {
  unsigned finest;  ///< the smallest level is 2^-finest; at most 30
  std::size_t bucket;
  Norm norm;
  bool contractive;
};

std::unique_ptr<Compressor> make_power_dither(std::string spec, std::uint8_t wire_id, const PowerLevels& levels);

/// The variance bound omega for `length` coordinates, see docs/compression.md. With q = 2^-finest:
///
///   linf: (sqrt(1 + (length - 1) q^2) - 1) / 2, or if larger (sqrt((length + 1)^2 + length - 1) - length - 1) / 4
///   l2:   q sqrt(length) - 1 if length q^2 >= 81/16, else 1/8 + 2/9 length q^2; 0 for length 1
double power_dither_variance(Norm norm, std::size_t length, unsigned finest);

}  // namespace parley::compression
