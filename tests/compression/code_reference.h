// Slow and simple implementations of what codes levels in other ways than in a fixed width, and of other sign and float
// codes.
#pragma once

#include "reference.h"

namespace parley::compression::test {

ReferencePointer qsgd_elias_reference(QsgdOptions options);
/// Its levels must be given, and bits must be as few as they need.
ReferencePointer ecq_reference(QsgdOptions options);
ReferencePointer clip_reference(int mantissa);
ReferencePointer lab_reference(std::size_t block, double limit);

}  // namespace parley::compression::test
