// atomo in the basis of singular vectors, which has a payload of its own.
#pragma once

#include <memory>
#include <string>

#include "base/layout.h"
#include "compression/compressor.h"

namespace parley::compression {

/// `budget` atoms of each matrix on average.
std::unique_ptr<Compressor> make_atomo_svd(std::string spec, double budget, bool contractive,
                                           const base::ParameterLayout& layout);

}  // namespace parley::compression
