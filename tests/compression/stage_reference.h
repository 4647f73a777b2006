// References of the entropy stage, of codebooks, and of the choice by tensor (see reference.h).
#pragma once

#include <cstddef>

#include "reference.h"

namespace parley::compression::test {

ReferencePointer entropy_reference(ReferencePointer before);

struct KmeansOptions {
  std::size_t k = 16;
  std::size_t iterations = 10;
};
ReferencePointer kmeans_reference(KmeansOptions options);

/// Of vectors without a layout.
ReferencePointer bytensor_reference(std::size_t min_size, ReferencePointer fallback);

}  // namespace parley::compression::test
