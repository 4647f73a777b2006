// How a vector is cut into the blocks that are coded one by one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/layout.h"
#include "base/spec.h"
#include "compression/coding/lanes.h"
#include "compression/kernels/philox.h"

namespace parley::compression {

/// Blocks in a row that one task codes.
struct BlockRun {
  std::size_t start, length;  ///< coordinates
  std::size_t block;          ///< the length of its blocks, of which the last one may be shorter
  std::size_t index;          ///< of the first block
  std::size_t bytes;          ///< of all blocks before
  std::size_t groups;         ///< of random words, 64 each, that all blocks before may draw
};

class Blocks {
 public:
  /// What the parameter `name` says: blocks of so many coordinates, or one of the words
  ///
  ///   tensor  every tensor of the layout is a block, the whole vector if the layout is empty
  ///   row     so is every row of a tensor of two or more axes (what lies along the last axis)
  Blocks(const base::Arguments& arguments, std::string_view name, const base::ParameterLayout& layout);

  /// The longest block of a vector of d floats, at least 1.
  std::size_t longest(std::size_t d) const;

  /// Calls visit(start, length, block) for stretches that are cut into blocks of `block`, the last one shorter.
  /// Checked: d is 0 or that of the layout, if the layout decides.
  template <class Visit>
  void for_each_run(std::size_t d, Visit&& visit) const {
    if (runs_.empty()) {
      if (d > 0) visit(std::size_t{0}, d, block_);
      return;
    }
    PARLEY_CHECK(d == 0 || d == size_, d, size_);
    std::size_t start = 0;
    for (auto run = runs_.begin(); start < d; start += run->length, ++run) visit(start, run->length, run->block);
  }

  /// Calls visit(start, length, index) for every block until one call returns false; then it is false.
  template <class Visit>
  bool for_each(std::size_t d, Visit&& visit) const {
    std::size_t index = 0;
    bool go_on = true;
    for_each_run(d, [&](std::size_t start, std::size_t length, std::size_t block) {
      for (std::size_t i = 0; go_on && i < length; i += std::min(block, length - i), ++index)
        go_on = visit(start + i, std::min(block, length - i), index);
    });
    return go_on;
  }

  /// Cuts d coordinates into stretches of about kPiece or of one block, for blocks of size(length) bytes.
  template <class Size>
  void cut(std::size_t d, Size&& size, std::vector<BlockRun>& stretches) const {
    const auto groups_of = [](std::size_t n) { return (n + kernels::kGroup - 1) / kernels::kGroup; };
    std::size_t index = 0, bytes = 0, groups = 0;
    stretches.clear();
    for_each_run(d, [&](std::size_t start, std::size_t length, std::size_t longest) {
      const std::size_t block = std::min(longest, length);
      for (std::size_t i = 0; i < length; i += stretches.back().length) {
        const std::size_t most = std::max<std::size_t>(1, kPiece / block) * block, n = std::min(most, length - i);
        stretches.push_back({start + i, n, block, index, bytes, groups});
        const std::size_t whole = n / block, rest = n % block;
        index += whole + (rest > 0 ? 1 : 0);
        bytes += whole * size(block) + (rest > 0 ? size(rest) : 0);
        groups += whole * groups_of(block) + groups_of(rest);
      }
    });
  }

  /// The sum of size(length) over all blocks.
  template <class Size>
  std::size_t sum(std::size_t d, Size&& size) const {
    std::size_t total = 0;
    for_each_run(d, [&](std::size_t, std::size_t length, std::size_t block) {
      total += length / block * size(std::min(block, length));
      if (length % block > 0) total += size(length % block);
    });
    return total;
  }

 private:
  struct Run {
    std::size_t length, block;
  };

  std::size_t block_ = 0;
  std::vector<Run> runs_;  // empty: one run of d coordinates in blocks of block_
  std::size_t size_ = 0;   // of all runs
};

}  // namespace parley::compression
