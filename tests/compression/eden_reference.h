// Reference of eden, by loops over butterflies and sorting into cells.
#pragma once

#include "reference.h"

namespace parley::compression::test {

struct EdenOptions {
  unsigned bits = 1;
  std::size_t block = 1024;
  bool contractive = true;
};
ReferencePointer eden_reference(EdenOptions options);

/// The positive points of the codebook of so many bits.
std::vector<double> eden_points(unsigned bits);

}  // namespace parley::compression::test
