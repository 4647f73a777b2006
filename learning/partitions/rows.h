// The rows of the registry of partitions; each stands in the file of its kind.
#pragma once

#include "learning/dataset.h"

namespace parley::learning {

extern const PartitionRow kDirichletRow;
extern const PartitionRow kIidRow;
extern const PartitionRow kShardsRow;

/// The samples 0 .. m-1.
Rows all_rows(std::size_t m);
/// Where piece `i` of `pieces` begins when `total` things are cut into pieces whose sizes differ by at most one, the
/// larger ones first.
std::size_t cut(std::size_t total, std::size_t pieces, std::size_t i);

}  // namespace parley::learning
