// References of the sparsifiers besides top-k and random-k, by sorting and counting.
#pragma once

#include "reference.h"

namespace parley::compression::test {

ReferencePointer blocktopk_reference(std::size_t block, Kept kept, ReferencePointer values);
/// keep = blocks
ReferencePointer largest_blocks_reference(std::size_t block, Kept kept, ReferencePointer values);
ReferencePointer threshold_reference(float value, double most, ReferencePointer values);
ReferencePointer sampledtopk_reference(Kept kept, ReferencePointer values);

}  // namespace parley::compression::test
