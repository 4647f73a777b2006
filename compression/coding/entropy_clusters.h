// Clusters of magnitudes with the largest weighted entropy (Park, Ahn, Yoo 2017).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compression/coding/float_bins.h"

namespace parley::compression {

/// The importance of a coordinate is its square. A cluster of c_n of all c coordinates, with importance E_n together,
/// has P_n = c_n / c and I_n = E_n / c_n, and S = -sum_n I_n P_n log2 P_n = sum_n E_n log2(c / c_n) / c: clusters of
/// what is important become small.
class EntropyClusters {
 public:
  explicit EntropyClusters(std::size_t most);

  /// Cuts bins, ascending by magnitude, into `clusters` stretches: at first of nearly equal counts, then by as many
  /// sweeps over the boundaries, each of which moves one where S is largest between its neighbours, the first of such
  /// places if it is not there already; fewer if nothing moves. A cluster may be empty.
  void find(std::span<const FloatBins::Bin> bins, std::size_t clusters, std::size_t sweeps);

  /// Where clusters begin, and the end of the last.
  std::span<const std::uint32_t> boundaries() const { return boundaries_; }

 private:
  double share(std::uint32_t begin, std::uint32_t end) const;
  bool sweep();

  std::vector<std::uint32_t> boundaries_;
  std::vector<double> counts_, energies_;  // of the bins before each
  double log_count_ = 0;
};

/// log2 of a whole number of at least 1, to the nearest multiple of 2^-32, with the same result on every machine.
double log2_of(double count);

}  // namespace parley::compression
