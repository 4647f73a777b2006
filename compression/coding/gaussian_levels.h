// What entropy codes of qsgd's levels may expect of Gaussian coordinates.
#pragma once

#include <cstddef>
#include <vector>

#include "compression/coding/dither.h"

namespace parley::compression {

/// The probabilities of the levels 0, +-1, ..., +-s, those of either sign together, for buckets of `length` normal
/// coordinates. The norm is taken as its mean. Costs some 10^4 evaluations of the error function.
std::vector<double> gaussian_levels(Norm norm, std::size_t length, unsigned s);

}  // namespace parley::compression
