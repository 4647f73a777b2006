// References of the stages that code payloads, and of the choice by tensor (see reference.h).
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "reference.h"

namespace parley::compression::test {

/// A part of a payload: bytes, then codes of `bits` bits, padded to a byte.
struct Part {
  std::size_t bytes, codes;
  unsigned bits;
};
/// The parts of the payload of d floats; null: bytes of which nothing is known.
using Parts = std::function<std::vector<Part>(std::size_t d)>;
/// Buckets with headers, the last one shorter.
Parts buckets(std::size_t header, std::size_t bucket, unsigned bits);

ReferencePointer entropy_reference(ReferencePointer before, Parts parts = nullptr);
ReferencePointer huffman_reference(ReferencePointer before, Parts parts = nullptr);

/// Of vectors without a layout.
ReferencePointer bytensor_reference(std::size_t min_size, ReferencePointer fallback);

}  // namespace parley::compression::test
