// Whole text files that the operator names.
#pragma once

#include <string>
#include <string_view>

namespace parley::topology {

/// What is in the file. Throws base::OperatorError that names the file, says what is wrong with it, and ends with
/// `needed`, as in "; graph = \"file(...)\" needs a text file with one edge per line".
std::string read_text_file(const std::string& path, std::string_view needed);

}  // namespace parley::topology
