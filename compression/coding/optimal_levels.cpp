#include "compression/coding/optimal_levels.h"

#include <algorithm>

#include "base/error.h"
#include "compression/kernels/cells.h"

namespace parley::compression {

OptimalLevels::OptimalLevels(std::size_t cells, std::size_t levels)
    : most_levels_(levels),
      cells_(cells),
      previous_(cells + 1),
      current_(cells + 1),
      predecessors_(levels * (cells + 1)),
      level_of_cells_(cells) {
  candidates_.reserve(cells + 1);
  chosen_.reserve(std::max(levels, cells + 1));
  chosen_values_.reserve(std::max(levels, cells + 1));
}

void OptimalLevels::clear() {
  std::fill(cells_.begin(), cells_.end(), Cell());
}

void OptimalLevels::add(const float* x, const std::int32_t* positions, std::size_t n) {
  const auto cells = static_cast<std::int64_t>(cells_.size());
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t p = positions[i];
    Cell& cell = cells_[static_cast<std::size_t>((p * cells) >> kernels::kPositionBits)];
    if (cell.count == 0 || x[i] < cell.value) {
      cell.value = x[i];
      cell.first = positions[i];
    }
    ++cell.count;
    cell.sum += p;
    cell.squares += p * p;
  }
}

void OptimalLevels::choose(float largest, std::int32_t position) {
  collect(largest, position);
  chosen_.clear();
  if (candidates_.size() <= most_levels_) {
    for (std::size_t i = 0; i < candidates_.size(); ++i) chosen_.push_back(i);
  } else {
    solve();
  }
  chosen_values_.clear();
  cost_ = 0;
  for (std::size_t k = 0; k < chosen_.size(); ++k) {
    chosen_values_.push_back(candidates_[chosen_[k]].value);
    if (k > 0) cost_ += cost(chosen_[k - 1], chosen_[k]);
  }
  // The candidates of cells are numbered in order. The last level has no step above.
  std::size_t candidate = 0, level = 0;
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    if (cells_[c].count == 0) continue;
    while (level + 2 < chosen_.size() && chosen_[level + 1] <= candidate) ++level;
    level_of_cells_[c] = static_cast<std::int32_t>(level);
    ++candidate;
  }
}

void OptimalLevels::collect(float largest, std::int32_t position) {
  candidates_.clear();
  Candidate before{};
  for (const Cell& cell : cells_) {
    if (cell.count == 0) continue;
    candidates_.push_back({before.count, before.sum, before.squares, cell.first, cell.value});
    before.count += cell.count;
    before.sum += cell.sum;
    before.squares += cell.squares;
  }
  PARLEY_CHECK(candidates_.size() > 1 || (candidates_.size() == 1 && candidates_[0].value < largest));
  if (candidates_.back().value == largest) return;
  candidates_.push_back({before.count, before.sum, before.squares, position, largest});
}

std::int64_t OptimalLevels::cost(std::size_t i, std::size_t j) const {
  // Sums of at most 2^20 positions below 2^20, times at most 2^21: below 2^62.
  const Candidate &a = candidates_[i], &b = candidates_[j];
  return (a.position + b.position) * (b.sum - a.sum) - (b.squares - a.squares) -
         a.position * b.position * (b.count - a.count);
}

void OptimalLevels::solve() {
  const std::size_t last = candidates_.size() - 1, steps = most_levels_ - 1;
  for (std::size_t j = 1; j <= last; ++j) previous_[j] = cost(0, j);
  for (std::size_t layer = 2; layer <= steps; ++layer) {
    // With `layer` steps one is at candidate `layer` at least, and comes from layer - 1 at least.
    fill_layer(layer, layer, last, layer - 1, last - 1);
    previous_.swap(current_);
  }
  chosen_.resize(most_levels_);
  std::size_t at = last;
  for (std::size_t layer = steps; layer > 1; --layer) {
    chosen_[layer] = at;
    at = predecessor(layer, at);
  }
  chosen_[1] = at;
  chosen_[0] = 0;
}

void OptimalLevels::fill_layer(std::size_t layer, std::size_t low, std::size_t high, std::size_t first,
                               std::size_t last) {
  const std::size_t middle = low + (high - low) / 2;
  std::size_t best = first;
  std::int64_t least = previous_[first] + cost(first, middle);
  for (std::size_t i = first + 1; i <= std::min(last, middle - 1); ++i) {
    const std::int64_t total = previous_[i] + cost(i, middle);
    if (total < least) {
      least = total;
      best = i;
    }
  }
  current_[middle] = least;
  predecessor(layer, middle) = static_cast<std::uint16_t>(best);
  if (low < middle) fill_layer(layer, low, middle - 1, first, best);
  if (middle < high) fill_layer(layer, middle + 1, high, best, last);
}

}  // namespace parley::compression
