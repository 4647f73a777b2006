// A swarm file as it stands: values with their places, not yet overlaid with anything.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "daemon/config.h"
#include "daemon/options.h"

namespace parley::daemon {

/// A value that was found and where.
struct FoundValue {
  OptionValue value;
  base::Place place;
};

/// One [[peer]] table. `places` has the keys that are given.
struct FoundPeer {
  RosterEntry entry;
  base::Place place;
  std::map<std::string, base::Place, std::less<>> places;
};

struct FileContents {
  std::map<std::string, FoundValue, std::less<>> values;  ///< by "section.key"
  std::vector<FoundPeer> peers;
};

/// Larger files are refused: no swarm needs one, and a wrong path may name anything.
inline constexpr std::size_t kMaxFileBytes = 4 * 1024 * 1024;

/// Reads TOML and checks every key and value against the option table. Throws base::OperatorError.
FileContents read_toml(std::string_view text, const std::string& name);

}  // namespace parley::daemon
