// Reference of lowrank on vectors without a layout, by plain loops.
#pragma once

#include "reference.h"

namespace parley::compression::test {

/// start = cold
ReferencePointer lowrank_reference(std::size_t rank);

}  // namespace parley::compression::test
