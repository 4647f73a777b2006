// References of sketch and atomo, from their formulas.
#pragma once

#include "reference.h"

namespace parley::compression::test {

struct SketchOptions {
  std::size_t rows = 1;
  double ratio = 0.1;
  bool contractive = true;
};
ReferencePointer sketch_reference(SketchOptions options);

enum class AtomBasis { entry, dct, haar };
struct AtomoOptions {
  AtomBasis basis = AtomBasis::entry;
  double ratio = 0;  // or budget
  double budget = 0;
  bool contractive = true;
};
ReferencePointer atomo_reference(AtomoOptions options);
/// basis = svd, of vectors without a layout.
ReferencePointer atomo_svd_reference(double budget, bool contractive);

/// The threshold of float coefficients, by the iteration that coding/atoms.h describes.
struct AtomSplit {
  float threshold = 0;
  double exact = 0, energy = 0, length = 0;
};
AtomSplit balanced(const Floats& coefficients, double budget);

/// The probabilities of the paper, by its algorithm: sort, make the largest certain while they are too large, and
/// divide the rest of the budget in proportion.
std::vector<double> atomo_probabilities(const std::vector<double>& coefficients, double budget);

}  // namespace parley::compression::test
