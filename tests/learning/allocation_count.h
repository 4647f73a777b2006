// Counts calls of operator new in this program.
#pragma once

#include <cstddef>

namespace parley::learning::testing {

std::size_t allocations();

}  // namespace parley::learning::testing
