// Which Parley this is.
#pragma once

#include <string>

namespace parley::daemon {

/// "0.1.0".
std::string version_number();

/// Several lines: version, compiler, processor architecture and the libraries that runs depend on.
std::string version_text();

}  // namespace parley::daemon
