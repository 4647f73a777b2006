// Values of options: from text and back, checked against their row.
#pragma once

#include <string>
#include <string_view>

#include "daemon/options.h"

namespace parley::daemon {

/// The value that `text` stands for after --set and in the environment, where nothing is quoted. Throws
/// base::OperatorError (without a place) saying what was found and what is allowed.
OptionValue parse_value(const Option& option, std::string_view text);

/// Checks bounds, choices, lengths and the spec of a value that has the right type already. Throws as parse_value.
void check_value(const Option& option, const OptionValue& value);

/// The text that parse_value reads as the same value.
std::string format_value(const Option& option, const OptionValue& value);

/// The same as TOML: with quotes where TOML needs them.
std::string format_toml(const Option& option, const OptionValue& value);

/// What is allowed, for error messages and the reference: "a whole number from 1 to 1024".
std::string describe_allowed(const Option& option);

}  // namespace parley::daemon
