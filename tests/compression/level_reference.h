// Slow and simple implementations of the operators that round to powers of two and to equally spaced points.
#pragma once

#include "reference.h"

namespace parley::compression::test {

ReferencePointer natural_reference(bool random);

/// Levels 0, 2^-finest, ..., 1 of the norm.
struct PowerDitherOptions {
  int finest = 6;
  std::size_t bucket = 512;
  bool l2 = false;
  bool contractive = true;
};
ReferencePointer power_dither_reference(PowerDitherOptions options);

struct UniformOptions {
  unsigned bits = 4;
  std::size_t bucket = 256;
  bool stochastic = true;
  bool contractive = true;
};
ReferencePointer uniform_linear_reference(UniformOptions options);
ReferencePointer uniform_absmax_reference(UniformOptions options);

/// `stochastic` is not looked at.
ReferencePointer dorefa_reference(UniformOptions options);

}  // namespace parley::compression::test
