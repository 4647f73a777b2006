// Orthonormal vectors by Gram and Schmidt, to the bit the same everywhere: sums in double and in ascending order.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace parley::compression {

/// Makes the vectors of m floats that lie one after the other in `vectors` orthonormal, in place, and rounds to float.
/// Each is freed twice of its share in those before it (twice is enough: Kahan, Parlett); one that keeps less than 1e-6
/// of its length becomes zero. `scratch` gets the size of `vectors`. Precondition: vectors.size() is a multiple of m.
void orthonormalise(std::span<float> vectors, std::size_t m, std::vector<double>& scratch);

}  // namespace parley::compression
