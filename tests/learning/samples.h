// Small data sets in memory, in each of the types in which samples are stored.
#pragma once

#include <cstddef>
#include <cstdint>

#include "learning/dataset.h"

namespace parley::learning::testing {

/// m samples of 6 bytes in 3 classes; the class is seen in the features.
Dataset byte_samples(std::size_t m, std::uint64_t seed = 1);
/// The same samples, stored as floats.
Dataset as_floats(const Dataset& data);
/// The same samples, stored as sparse rows.
Dataset as_sparse(const Dataset& data);

}  // namespace parley::learning::testing
