// Slow and simple search for levels of least variance.
#pragma once

#include "reference.h"

namespace parley::compression::test {

struct ZipmlOptions {
  unsigned bits = 2;
  std::size_t bucket = 8192;
  int cells = 256;
  bool contractive = true;
};
ReferencePointer zipml_reference(ZipmlOptions options);

/// The least of sum (b - x)(x - a), with a <= x <= b neighbours among `levels` of the points, both extremes with them:
/// every choice of points is tried. Points are sorted.
double least_variance(const std::vector<double>& points, std::size_t levels);

/// The same by dynamic programming over all points, in O(levels n^2).
double least_variance_of_many(const std::vector<double>& points, std::size_t levels);

/// sum (b - x)(x - a) of these levels, which are sorted and reach from the smallest point to the largest.
double variance_of(const std::vector<double>& points, const std::vector<double>& levels);

}  // namespace parley::compression::test
