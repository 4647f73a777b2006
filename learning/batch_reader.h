// From stored samples to the floats that models see, a batch at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learning/dataset.h"
#include "learning/model.h"

namespace parley::learning {

/// Scratch memory for one batch. Stored types are converted just before use, so that samples stay as small as on disk.
class BatchReader {
 public:
  /// Room for max_rows samples of `features` features.
  BatchReader(std::size_t max_rows, std::size_t features);

  /// The given samples; valid until the next call. Does not allocate. Checked: at most max_rows, each below
  /// data.size(), of that many features.
  Batch read(const Dataset& data, std::span<const std::uint32_t> rows);
  /// Samples first .. first + count - 1.
  Batch read(const Dataset& data, std::size_t first, std::size_t count);

 private:
  std::size_t features_;
  std::vector<float> values_;         // max_rows x features
  std::vector<float> targets_;        // max_rows
  std::vector<std::uint32_t> range_;  // max_rows
};

}  // namespace parley::learning
