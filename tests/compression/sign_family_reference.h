// Slow references of the operators that send one bit a coordinate.
#pragma once

#include "reference.h"

namespace parley::compression::test {

ReferencePointer signsgd_reference(float scale);
/// A block longer than d is one for the whole vector.
ReferencePointer onebit_reference(std::size_t block);

}  // namespace parley::compression::test
