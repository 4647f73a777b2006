// k-means of numbers: which cells of neighbouring bins a codebook has, and their means. Counts need not be whole: with
// weighted counts and sums the means are weighted, and what is said of the squared error holds for the weighted one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compression/coding/float_bins.h"

namespace parley::compression {

/// At most k cells of consecutive bins. Keeps its memory, so that it allocates on its first calls only.
class Clusters {
 public:
  explicit Clusters(std::size_t k);

  /// Begins with one cell and splits, again and again, the cell and at the place where that lessens the squared error
  /// most, until there are k cells or no split is of use.
  void split(std::span<const FloatBins::Bin> bins);

  /// Begins with the cells nearest to these ascending numbers.
  void start_from(std::span<const FloatBins::Bin> bins, std::span<const double> centroids);

  /// Lloyd's iteration: every bin goes to the cell whose mean is nearest to its own, of two to the lower one. Cells
  /// that become empty are gone. Ends early when nothing changes. The squared error never grows.
  void improve(std::span<const FloatBins::Bin> bins, std::size_t iterations);

  std::size_t size() const { return ends_.size(); }
  /// One past the last bin of each cell; the first cell begins with bin 0.
  std::span<const std::uint32_t> ends() const { return ends_; }
  /// The means of the cells, ascending.
  std::span<const double> means() const { return means_; }

 private:
  struct Cut {
    std::uint32_t begin, end, at;
    double gain;
  };
  static Cut best_cut(std::span<const FloatBins::Bin> bins, std::uint32_t begin, std::uint32_t end);
  void measure(std::span<const FloatBins::Bin> bins);

  std::size_t k_;
  std::vector<Cut> cuts_;
  std::vector<std::uint32_t> ends_, last_ends_;
  std::vector<double> means_, counts_;
};

}  // namespace parley::compression
