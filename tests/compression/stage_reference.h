// References of the entropy stage and of the choice by tensor (see reference.h).
#pragma once

#include <cstddef>

#include "reference.h"

namespace parley::compression::test {

ReferencePointer entropy_reference(ReferencePointer before);

/// Of vectors without a layout.
ReferencePointer bytensor_reference(std::size_t min_size, ReferencePointer fallback);

}  // namespace parley::compression::test
