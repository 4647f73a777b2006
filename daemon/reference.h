// The option table written out for people.
#pragma once

#include <string>

#include "daemon/config.h"
#include "daemon/options.h"

namespace parley::daemon {

/// A swarm file with every key at its default, each with a comment. Loading it gives the defaults.
std::string sample_file();

/// docs/configuration.md.
std::string reference_page();

/// One key at length, with the specs that it may have.
std::string option_help(const Option& option);

/// Every key with its value and where that comes from, as a table or as JSON.
std::string explain_text(const Config& config);
std::string explain_json(const Config& config);

}  // namespace parley::daemon
