// Any bytes as a swarm file: refused with a message, or read into a configuration that holds what it promises.
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "daemon/config.h"
#include "daemon/endpoint.h"
#include "daemon/option_value.h"
#include "daemon/options.h"

namespace parley::daemon {
namespace {

void check_roster(const Config& config) {
  std::set<std::string> names;
  std::set<std::string> addresses;
  PARLEY_CHECK(!config.roster.empty() && config.roster.size() == config.swarm.peers);
  for (const RosterEntry& peer : config.roster) {
    PARLEY_CHECK(names.insert(peer.name).second, peer.name);
    PARLEY_CHECK(addresses.insert(peer.address).second, peer.address);
    const auto listen = parse_tcp_endpoint(peer.listen);
    PARLEY_CHECK(listen && listen->is_numeric(), peer.listen);
    PARLEY_CHECK(listen->is_loopback() || config.security.insecure, peer.listen);
  }
}

/// Every value written as TOML reads back as the same value.
void check_values(const Config& config) {
  for (const Option& option : option_table()) {
    const OptionValue value = option.field.get(config);
    if (option.name() == "metrics.run_dir") continue;  // has its {name} filled in
    const std::string line = fmt::format("[{}]\n{} = {}\n", option.section, option.key, format_toml(option, value));
    const std::vector<std::string> insecure = {"security.insecure=true"};
    const bool is_insecure = option.name() == "security.insecure";
    if (option.section == "swarm") continue;  // these depend on one another
    const Config again = parse_config(line, "again.toml", is_insecure ? std::vector<std::string>{} : insecure, {});
    PARLEY_CHECK(option.field.get(again) == value, option.name());
  }
}

void read(std::string_view text) {
  Config config;
  try {
    config = parse_config(text, "fuzz.toml", {}, {});
  } catch (const base::OperatorError& error) {
    PARLEY_CHECK(!error.message().empty());
    return;
  }
  check_roster(config);
  check_values(config);
  PARLEY_CHECK(config_hash(config).size() == 16);
}

}  // namespace
}  // namespace parley::daemon

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::daemon::read({reinterpret_cast<const char*>(data), size});
  return 0;
}
