// The command line of parleyd.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "daemon/config.h"

namespace parley::daemon {

/// What a daemon is started with. PARLEY_CONFIG and PARLEY_PEER stand for options that are not given.
struct ParleydOptions {
  std::string config_file;
  std::string peer;
  std::vector<std::string> overrides;
};

/// There is nothing more to do: help or the version was asked for, and `text` is to be printed on standard output.
struct ParleydDone {
  std::string text;
};

/// Throws base::OperatorError for a command line that is not understood, or that names no file or no peer.
std::variant<ParleydOptions, ParleydDone> parse_parleyd_options(int argc, const char* const* argv,
                                                                const Environment& environment);

}  // namespace parley::daemon
