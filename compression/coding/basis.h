// Orthonormal bases of blocks of 64 coordinates.
#pragma once

#include <array>
#include <cstddef>

namespace parley::compression {

inline constexpr std::size_t kBasisOrder = 64;

/// Both as kernels::multiply_transposed takes them: row-major, the result is the sum of the rows times the input.
struct Basis {
  std::array<float, kBasisOrder * kBasisOrder> analysis;   ///< [coordinate][coefficient]
  std::array<float, kBasisOrder * kBasisOrder> synthesis;  ///< [coefficient][coordinate]
};

/// The cosine transform: constant, and cos(pi (2 i + 1) j / 128). Made of sums, products and square roots alone, whose
/// roundings are the same everywhere, unlike those of a library's cosine.
const Basis& cosine_basis();

/// Haar's wavelets: constant, and for l = 0..5 the 2^l differences of neighbours of 32 / 2^l coordinates.
const Basis& haar_basis();

}  // namespace parley::compression
