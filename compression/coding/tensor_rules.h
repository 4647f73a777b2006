// Which operator a tensor goes to, by its name.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"

namespace parley::compression {

struct TensorRule {
  std::string_view pattern;  ///< * stands for any characters, none included
  std::string_view spec;     ///< of a pipeline
};

/// Reads "PATTERN=OPERATOR; PATTERN=OPERATOR; ...", of which the views are into `text`. Throws base::OperatorError for
/// a rule without a pattern or an operator.
std::vector<TensorRule> parse_tensor_rules(std::string_view text);

/// Whether all of the name matches the pattern. Takes at most |pattern| |name| steps.
bool matches(std::string_view pattern, std::string_view name);

}  // namespace parley::compression
