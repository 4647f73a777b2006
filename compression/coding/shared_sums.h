// Sums over a large vector that the threads of a state share, to the bit those of kernels/scan.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "compression/coding/lanes.h"
#include "compression/kernels/scan.h"

namespace parley::compression {

/// Keeps what the pieces sum to. Allocates only when vectors grow.
class SharedSums {
 public:
  /// kernels::split_at
  kernels::Split split_at(std::span<const float> x, float threshold, const State& state) {
    splits_.resize(std::max(splits_.size(), Pieces(x.size(), 1).count()));
    for_each_piece(state, x.size(), 1, [&](std::size_t first, std::size_t length, std::size_t) {
      splits_[first / kPiece] = kernels::split_at(x.data() + first, length, threshold);
    });
    kernels::Split sum{0, 0, 0};
    for (std::size_t i = 0; i < x.size(); i += kPiece) {
      const kernels::Split& piece = splits_[i / kPiece];
      sum = {sum.count + piece.count, sum.energy + piece.energy, sum.length + piece.length};
    }
    return sum;
  }

  /// kernels::sum_of_squares
  double sum_of_squares(std::span<const float> x, const State& state) {
    squares_.resize(std::max(squares_.size(), Pieces(x.size(), 1).count()));
    for_each_piece(state, x.size(), 1, [&](std::size_t first, std::size_t length, std::size_t) {
      squares_[first / kPiece] = kernels::sum_of_squares(x.data() + first, length);
    });
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); i += kPiece) sum += squares_[i / kPiece];
    return sum;
  }

 private:
  static_assert(kPiece == kernels::kSumChunk, "sums of pieces are added as those of chunks are");

  std::vector<kernels::Split> splits_;
  std::vector<double> squares_;
};

}  // namespace parley::compression
