// onebit with block = column: two values for each column of a matrix (see onebit_columns.cpp).
#pragma once

#include <memory>
#include <string>

#include "base/layout.h"
#include "compression/compressor.h"

namespace parley::compression {

std::unique_ptr<Compressor> make_onebit_columns(std::string spec, const base::ParameterLayout& layout);

}  // namespace parley::compression
