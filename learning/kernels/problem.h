// Demands that several models make of their data set.
#pragma once

#include <string_view>

#include "learning/model.h"

namespace parley::learning {

/// Throws base::OperatorError unless the data set is a classification into at least two classes.
void require_classes(std::string_view model, const Problem& problem);

}  // namespace parley::learning
