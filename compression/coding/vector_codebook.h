// A codebook of k vectors for the n vectors of m floats that a float vector is cut into, and which of them each
// becomes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "compression/coding/clusters.h"
#include "compression/coding/float_bins.h"
#include "compression/coding/vector_clusters.h"

namespace parley::compression {

/// n > 0 vectors of m floats: those at x times u, a power of two that keeps squares within the range of floats.
struct VectorInput {
  const float* x;
  std::size_t n;
  float u;
  double energy;  ///< of the scaled vectors
};

/// Finds codebooks; keeps what it needs for that, so that it allocates on its first calls only.
class VectorCodebook {
 public:
  /// Codebooks are trained on so many vectors, one from each of as many equal parts, if there are more.
  static constexpr std::size_t kSample = std::size_t{1} << 15;

  VectorCodebook(std::size_t k, std::size_t m);

  /// What find() promises to hold of the energy of n vectors. The best cut of one coordinate holds
  /// optimal_support_delta(ceil(n/2)) / 2 of that coordinate's energy (coding/scalar_codebook.h), and some coordinate
  /// has 1/m of all.
  static double promised(std::size_t n, std::size_t m);

  /// Begins with `start`, k scaled centroids, if it is not empty and leaves no cell without a vector; or else with
  /// splits. Then all vectors go to the nearest centroid, and centroids to the mean of what came to them. If that holds
  /// less than is promised, there are two cells, which the best cut of one coordinate makes. The sample draws from the
  /// words that begin at `first_block`.
  void find(const VectorInput& input, std::span<const float> start, std::size_t iterations,
            const base::PhiloxInput& key, std::uint32_t first_block);

  /// The codebook as it is sent: of the vectors over `unit`, a power of two, and +0 for zeros of either sign; ascending
  /// in the order of their first floats that differ, the last one repeated up to k. Sets what index() and centroids()
  /// return.
  std::span<const float> send(float unit);

  /// The place in the codebook of each vector, after send().
  std::span<const std::uint8_t> index() const { return {index_.data(), n_}; }
  /// The codebook that was sent, times the unit again.
  kernels::Centroids centroids() const { return {scaled_.data(), nullptr, k_, m_}; }

 private:
  void take_sample(const VectorInput& input, const base::PhiloxInput& key, std::uint32_t first_block);
  void add_up(const VectorInput& input);
  double held() const;
  void cut_in_two(const VectorInput& input);

  std::size_t k_, m_, n_ = 0;
  VectorClusters clusters_;
  std::vector<float> sample_;
  std::vector<std::uint32_t> words_;
  std::vector<std::uint8_t> index_;
  std::vector<double> sums_;
  std::vector<std::uint32_t> counts_;
  std::vector<float> axis_;  // one coordinate of all vectors
  FloatBins bins_;
  Clusters halves_;
  std::vector<float> sent_, scaled_;
  std::vector<std::uint8_t> order_;
};

}  // namespace parley::compression
