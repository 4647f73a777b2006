// A random rotation from Hadamard matrices, and the quantisation of what it makes, to the bit the same on every SIMD
// target: sums and differences of two floats in a fixed tree, and sums of many in sixteen partial sums.
//
// H is the Hadamard matrix of order D = 2^k, H_ij = (-1)^popcount(i & j), applied in place by sums and differences of
// coordinates 1, 2, 4, ... D/2 apart, in this order. S and T are diagonals of random signs: coordinate i is negative if
// bit (i / 16) % 32 of word 16 (i / 512) + i % 16 is set, of the rotation_words(D) / 2 words of S, which those of T
// follow.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::compression::kernels {

inline constexpr std::size_t kSmallestRotation = 16;

constexpr std::size_t rotation_words(std::size_t order) {
  return 2 * 16 * ((order + 511) / 512);
}

/// r = H T H S (u x). Of x there are n <= order floats, followed by zeros.
void rotate(const float* x, std::size_t n, float u, std::size_t order, const std::uint32_t* words, float* r);

/// y_i += scale * v_i for the n <= order coordinates of v = u S H T H r, limited to the finite floats. r is
/// overwritten.
void add_rotated_back(float* r, std::size_t order, const std::uint32_t* words, float u, float scale, std::size_t n,
                      float* y);

/// sum r_i^2 in float. n is a multiple of 16.
float sum_of_squares_f32(const float* r, std::size_t n);

/// Points of a symmetric codebook: the `count` (1, 2, 4 or 8) positive ones, ascending, and the limits between them.
struct Codebook {
  std::size_t count;
  float points[8];
  float limits[7];
};

struct Matched {
  float product;  ///< sum c_i |r_i|
  float square;   ///< sum c_i^2
};

/// levels[i] = j, or -1 - j where r_i < 0, for the point c_i = points[j] next to |r_i| * inverse: j limits are below
/// it. n is a multiple of 16. Sums in float.
Matched match(const float* r, std::size_t n, float inverse, const Codebook& codebook, std::int16_t* levels);

}  // namespace parley::compression::kernels
