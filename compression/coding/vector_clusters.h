// k-means of short vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compression/kernels/vectors.h"

namespace parley::compression {

/// At most k cells of vectors of m floats. Keeps its memory, so that it allocates on its first calls only.
class VectorClusters {
 public:
  VectorClusters(std::size_t k, std::size_t m);

  /// Begins with one cell and cuts, again and again, the cell, along the coordinate and between the values, where that
  /// lessens the squared error most, until there are k cells or no cut is of use. x has n vectors.
  void split(const float* x, std::size_t n);

  /// Begins with these k centroids.
  void start_from(std::span<const float> centroids);

  /// Lloyd's iteration: every vector goes to the nearest centroid (see kernels/vectors.h), and a centroid to the mean
  /// of what came to it, rounded to floats; one that nothing came to stays. Ends early when nothing changes.
  void improve(const float* x, std::size_t n, std::size_t iterations);

  /// True if there are k cells, and something came to each when improve() last looked.
  bool uses_all() const { return uses_all_; }

  kernels::Centroids centroids() const { return {values_.data(), halves_.data(), size_, m_}; }

 private:
  /// A cell, whose vectors are members begin .. end - 1 of each order, and its best cut: before place `at` of the order
  /// of `axis`.
  struct Cut {
    std::uint32_t begin, end, at;
    std::size_t axis;
    double gain;
  };
  Cut best_cut(const float* x, std::uint32_t begin, std::uint32_t end);
  void divide(const Cut& cut);
  void set_means(const float* x);
  void set_halves();

  std::size_t k_, m_;
  std::size_t size_ = 0;
  bool uses_all_ = false;
  std::vector<float> values_, halves_;
  std::vector<double> sums_, left_;
  std::vector<std::uint32_t> counts_;
  std::vector<std::uint8_t> index_, last_index_;
  std::vector<std::vector<std::uint32_t>> orders_;  // of the vectors by each coordinate, cell by cell
  std::vector<std::uint32_t> moved_;
  std::vector<std::uint8_t> is_left_;
  std::vector<Cut> cuts_;
};

}  // namespace parley::compression
