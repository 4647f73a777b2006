// Slow references of the operators that round to grids of powers of two.
#pragma once

#include <string>

#include "reference.h"

namespace parley::compression::test {

ReferencePointer fixed_reference(int int_bits, int frac_bits, bool stochastic);

/// A block longer than d is one for the whole vector.
struct WageOptions {
  int bits = 8;
  std::size_t block = 512;
  bool stochastic = false;
  bool up = false;
};
ReferencePointer wage_reference(WageOptions options);

/// Every element that a format has, found by counting through its codes.
ReferencePointer mx_reference(const std::string& element);

}  // namespace parley::compression::test
