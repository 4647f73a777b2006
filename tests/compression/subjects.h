// What the contract tests run over: every operator of the registry, several times, and some pipelines.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "reference.h"

namespace parley::compression::test {

struct Subject {
  std::string spec;
  std::function<ReferencePointer()> reference;
  double size_tolerance = 0;  ///< relative, where the size is random: five deviations for 40960 Gaussian floats
};

/// Adding an operator: one line for each shape of its payload.
const std::vector<Subject>& subjects();

inline void PrintTo(const Subject& subject, std::ostream* out) {
  *out << subject.spec;
}

/// Vectors that are hard for some operator, and ordinary ones.
struct Input {
  std::string name;
  Floats x;
};
std::vector<Input> inputs(std::size_t d);

/// Sizes around those of vectors, groups, blocks and chunks.
const std::vector<std::size_t>& sizes();

}  // namespace parley::compression::test
