// Lists of layer widths inside a spec.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace parley::learning {

/// "1024-1024" as {1024, 1024}. Throws base::OperatorError naming the model and the parameter unless there are 1 to 16
/// widths from 1 to 65536.
std::vector<std::size_t> parse_widths(std::string_view model, std::string_view parameter, std::string_view text);

}  // namespace parley::learning
