// The reference of codebooks of vectors (see reference.h).
#pragma once

#include <cstddef>

#include "reference.h"

namespace parley::compression::test {

struct VectorOptions {
  std::size_t stages = 1;
  std::size_t m = 4;
  std::size_t k = 64;
  std::size_t iterations = 10;
};
/// With a cold start.
ReferencePointer vector_reference(VectorOptions options);

}  // namespace parley::compression::test
