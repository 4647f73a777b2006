// Slow references of the operators that send one bit a coordinate.
#pragma once

#include "reference.h"

namespace parley::compression::test {

ReferencePointer signsgd_reference(float scale, bool stochastic = false);
/// A block longer than d is one for the whole vector.
ReferencePointer onebit_reference(std::size_t block);
ReferencePointer onebit_columns_reference();

}  // namespace parley::compression::test
