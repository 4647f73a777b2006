#include "daemon/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "daemon/config.h"

namespace parley::daemon {
namespace {

constexpr Section kSections[] = {
    {"swarm", "Who trains together, from which seed, and for how long."},
    {"topology", "Who exchanges with whom, and with what weight."},
    {"learning", "What is trained, on which data, and how."},
    {"gossip", "The algorithm by which models are mixed."},
    {"compression", "What a message holds of the difference that it carries."},
    {"wire", "Links between peers."},
    {"security", "What protects the links."},
    {"simulation", "The network and the machines that `parley simulate` pretends to have."},
    {"control", "How `parley status` and `parley stop` reach a daemon."},
    {"metrics", "What a daemon writes down about its training."},
    {"log", "What a daemon says about itself."},
    {"daemon", "The process itself."},
};

constexpr PeerOption kPeerOptions[] = {
    {.option = {.section = "peer",
                .key = "name",
                .high = 64,
                .agreement = Agreement::common,
                .help = "Name of the peer: letters, digits, \"_\", \".\" and \"-\". Needed.",
                .example = "hospital-a"},
     .set = [](RosterEntry& peer, const OptionValue& value) { peer.name = std::get<std::string>(value); }},
    {.option = {.section = "peer",
                .key = "address",
                .high = 256,
                .help = "Where the other peers reach it. Either all [[peer]] tables have one or none has; without, the "
                        "peers are on loopback, as with swarm.peers.",
                .example = "tcp://192.0.2.10:7100"},
     .set = [](RosterEntry& peer, const OptionValue& value) { peer.address = std::get<std::string>(value); }},
    {.option = {.section = "peer",
                .key = "listen",
                .high = 256,
                .help = "What it binds, where that is not its address: behind address translation or in a container.",
                .example = "tcp://0.0.0.0:7100"},
     .set = [](RosterEntry& peer, const OptionValue& value) { peer.listen = std::get<std::string>(value); }},
    {.option = {.section = "peer",
                .key = "data",
                .high = 1024,
                .help = "Its own training data, a file below learning.data; without it, a part of learning.dataset.",
                .example = "a.csv"},
     .set = [](RosterEntry& peer, const OptionValue& value) { peer.data = std::get<std::string>(value); }},
};

}  // namespace

std::string Option::name() const {
  return fmt::format("{}.{}", section, key);
}

std::span<const Section> section_table() {
  return kSections;
}
std::span<const PeerOption> peer_option_table() {
  return kPeerOptions;
}

const Option& find_option(std::string_view name) {
  std::vector<std::string> names;
  for (const Option& option : option_table()) {
    names.push_back(option.name());
    if (names.back() == name) return option;
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto near = base::nearest(name, views);
  throw base::OperatorError(
      fmt::format("unknown key \"{}\"{}", name,
                  near ? fmt::format("; did you mean \"{}\"?", *near)
                       : std::string("; `parley config reference` lists the keys that there are")));
}

std::string environment_name(const Option& option) {
  std::string name = fmt::format("PARLEY_{}_{}", option.section, option.key);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return name;
}

}  // namespace parley::daemon
