// The IDX format of the MNIST family: big endian sizes, then bytes.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "learning/dataset.h"

namespace parley::learning {

/// One set of images and the file with their labels.
struct IdxPair {
  std::filesystem::path images;
  std::filesystem::path labels;
};

/// A source over IDX files of unsigned bytes, plain or compressed. Classes are 0 up to the largest label.
std::unique_ptr<DataSource> open_idx(std::string spec, IdxPair train, std::optional<IdxPair> test);

}  // namespace parley::learning
