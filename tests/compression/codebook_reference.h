// References of codebooks (see reference.h).
#pragma once

#include <cstddef>
#include <optional>

#include "reference.h"

namespace parley::compression::test {

struct KmeansReferenceOptions {
  std::size_t k = 16;
  std::size_t iterations = 10;
  std::optional<double> floor = {};  ///< of the weights of hessian-kmeans; none: kmeans
};
ReferencePointer kmeans_reference(KmeansReferenceOptions options);

ReferencePointer weighted_entropy_reference(std::size_t k, std::size_t sweeps);

/// The cut in two that holds most of |x|^2, between bins of the upper halves of floats.
struct BestCut {
  double held;
  float second;  ///< the smallest number of the upper part; infinite if everything is in one
};
BestCut best_cut_of(const Floats& x);
/// What it holds of d coordinates with |x|^2 = 1, at least: half of what one cut does on the better side of zero.
double held_by_a_cut(std::size_t d);

}  // namespace parley::compression::test
