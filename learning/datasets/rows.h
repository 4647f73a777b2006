// The rows of the registry of data sets; each stands in the file of its kind.
#pragma once

#include "learning/dataset.h"

namespace parley::learning {

extern const DatasetRow kCsvRow;
extern const DatasetRow kGlyphsRow;
extern const DatasetRow kIdxRow;
extern const DatasetRow kLibsvmRow;
extern const DatasetRow kMnistRow;
extern const DatasetRow kNpyRow;

/// No reader accepts samples of more features unless it is told their number: a model has a parameter for each, and a
/// damaged header or index must not decide how much memory is used.
inline constexpr std::size_t kMostFeatures = std::size_t{1} << 24;

}  // namespace parley::learning
