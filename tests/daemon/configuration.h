// Configurations from texts, for tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "daemon/config.h"

namespace parley::daemon {

using Overrides = std::vector<std::string>;

inline Config parse(std::string_view text, const Overrides& overrides = {}, const Environment& environment = {}) {
  return parse_config(text, "swarm.toml", overrides, environment);
}

/// The message with which a configuration is refused; empty if it is accepted.
inline std::string refusal(std::string_view text, const Overrides& overrides = {},
                           const Environment& environment = {}) {
  try {
    static_cast<void>(parse(text, overrides, environment));
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  return {};
}

}  // namespace parley::daemon
