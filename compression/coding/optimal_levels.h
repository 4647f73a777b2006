// Levels that make the variance of random rounding smallest, found by dynamic programming (Zhang et al. 2017).
//
// The variance of rounding x at random to its neighbours a <= x <= b is (b - x)(x - a). Of all places the levels may be
// at data points. To be linear in their number, the range is cut into cells of equal width, and the candidates are the
// first point of each cell that has one, and the largest point of all. What a pair of neighbours costs follows from the
// number of points between, their sum and their sum of squares, exactly. All of it is done in integers, on positions
// of 20 bits in the range, so that every processor finds the same levels; the first of equal choices is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace parley::compression {

class OptimalLevels {
 public:
  /// Memory for `cells` cells and up to `levels` >= 2 levels.
  OptimalLevels(std::size_t cells, std::size_t levels);

  /// Forgets all points.
  void clear();
  /// Points and their positions, each at most 2^20 - 1, which must grow with the points.
  void add(const float* x, const std::int32_t* positions, std::size_t n);

  /// Chooses as many levels as there is room for, or all candidates if they are fewer. `largest` is the largest point,
  /// at `position`. Precondition: at most 2^20 points were added, and at least two at different positions.
  void choose(float largest, std::int32_t position);

  /// The chosen levels, ascending; the first is the smallest point and the last is the largest.
  std::span<const float> levels() const { return chosen_values_; }
  /// The sum of (b - p)(p - a) over the positions p of all points.
  std::int64_t cost() const { return cost_; }
  /// The number of the level at or below the points of each cell; unspecified for empty cells.
  std::span<const std::int32_t> level_of_cells() const { return level_of_cells_; }

 private:
  struct Cell {
    std::int64_t count = 0, sum = 0, squares = 0;
    std::int32_t first = 0;  ///< the smallest position
    float value = 0;         ///< the smallest point
  };
  struct Candidate {
    std::int64_t count, sum, squares;  ///< of the points in cells before
    std::int64_t position;
    float value;
  };

  void collect(float largest, std::int32_t position);
  std::int64_t cost(std::size_t i, std::size_t j) const;
  void solve();
  /// Fills a layer for candidates low..high, whose best predecessors lie in first..last (divide and conquer: they grow
  /// with the candidate, because the cost has the quadrangle inequality).
  void fill_layer(std::size_t layer, std::size_t low, std::size_t high, std::size_t first, std::size_t last);

  std::uint16_t& predecessor(std::size_t layer, std::size_t candidate) {
    return predecessors_[layer * (cells_.size() + 1) + candidate];
  }

  std::size_t most_levels_;
  std::vector<Cell> cells_;
  std::vector<Candidate> candidates_;
  std::vector<std::int64_t> previous_, current_;  ///< least cost up to a candidate, with one step fewer, and now
  std::vector<std::uint16_t> predecessors_;       ///< [layer][candidate]
  std::vector<std::size_t> chosen_;
  std::vector<float> chosen_values_;
  std::vector<std::int32_t> level_of_cells_;
  std::int64_t cost_ = 0;
};

}  // namespace parley::compression
