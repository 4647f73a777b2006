// Slow references of the operators whose levels are -1, 0 and 1.
#pragma once

#include <optional>

#include "reference.h"

namespace parley::compression::test {

/// A bucket longer than d is one for the whole vector.
struct TerngradOptions {
  std::optional<double> clip = 2.5;
  std::size_t bucket = 640;
  bool contractive = true;
};
ReferencePointer terngrad_reference(TerngradOptions options);

/// Without a threshold it is the optimal one. A block longer than d is one for the whole vector.
ReferencePointer twn_reference(std::optional<double> threshold, std::size_t block);
ReferencePointer ttq_reference(std::optional<double> threshold, std::size_t block);

}  // namespace parley::compression::test
