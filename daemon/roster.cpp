#include "daemon/roster.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/spec.h"
#include "daemon/endpoint.h"

namespace parley::daemon {
namespace {

using base::OperatorError;
using base::Place;

std::string replace_all(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

bool is_default(const Config& config, std::string_view key) {
  return config.origins.find(key)->second.kind == Origin::Kind::built_in;
}

/// Given outside the file: it then wins over what the file says, also over [[peer]] tables.
bool is_override(const Config& config, std::string_view key) {
  const Origin::Kind kind = config.origins.find(key)->second.kind;
  return kind == Origin::Kind::flag || kind == Origin::Kind::environment;
}

Place place_of(const FoundPeer& peer, std::string_view key) {
  const auto found = peer.places.find(key);
  return found == peer.places.end() ? peer.place : found->second;
}

/// Refuses a second use of something that only one peer may have.
class Uniqueness {
 public:
  explicit Uniqueness(std::string_view what) : what_(what) {}
  void add(const std::string& value, const Place& place) {
    const auto [first, is_new] = seen_.emplace(value, place);
    if (is_new) return;
    Place where = first->second;
    where.key.clear();
    throw OperatorError(place,
                        fmt::format("found {} \"{}\" a second time; the first is at {}", what_, value, where.text()));
  }

 private:
  std::string_view what_;
  std::map<std::string, Place> seen_;
};

void take_tables(Config& config, std::span<const FoundPeer> peers) {
  if (!is_default(config, "swarm.peers"))
    throw OperatorError(
        config.place_of("swarm.peers"),
        fmt::format("found {} peers on loopback beside {} [[peer]] tables; a swarm has one or the other",
                    config.swarm.peers, peers.size()));
  if (static_cast<double>(peers.size()) > find_option("swarm.peers").high)
    throw OperatorError(peers.back().place, fmt::format("found {} [[peer]] tables; at most {:.0f} are allowed",
                                                        peers.size(), find_option("swarm.peers").high));
  Uniqueness names("the name");
  for (const FoundPeer& peer : peers) {
    if (!peer.places.contains("name"))
      throw OperatorError(peer.place, "this [[peer]] has no name; every peer needs one");
    if (!is_plain_name(peer.entry.name))
      throw OperatorError(
          place_of(peer, "name"),
          fmt::format("found \"{}\"; a name has letters, digits, \"_\", \".\" and \"-\" and starts with "
                      "a letter or digit",
                      peer.entry.name));
    names.add(peer.entry.name, place_of(peer, "name"));
    config.roster.push_back(peer.entry);
  }
  config.swarm.peers = peers.size();
}

void count_peers(Config& config) {
  for (std::size_t i = 0; i < config.swarm.peers; ++i)
    config.roster.push_back({.name = fmt::format("peer-{}", i), .address = {}, .listen = {}, .data = {}});
}

void apply_template(Config& config, std::span<const FoundPeer> peers) {
  const bool beside_addresses = !is_override(config, "swarm.address_template");
  for (const FoundPeer& peer : peers) {
    if (beside_addresses && peer.places.contains("address"))
      throw OperatorError(place_of(peer, "address"),
                          "found an address beside swarm.address_template in the same file; keep one of the two");
  }
  for (std::size_t i = 0; i < config.roster.size(); ++i) {
    std::string address = replace_all(config.swarm.address_template, "{name}", config.roster[i].name);
    config.roster[i].address = replace_all(std::move(address), "{index}", std::to_string(i));
  }
}

void assign_loopback(Config& config) {
  const std::size_t first = config.swarm.base_port == 0 ? kDefaultBasePort : config.swarm.base_port;
  const std::size_t last = first + config.roster.size() - 1;
  if (last > 65535)
    throw OperatorError(config.place_of("swarm.base_port"),
                        fmt::format("{} peers would listen on ports {} to {}; the largest port is 65535",
                                    config.roster.size(), first, last));
  for (std::size_t i = 0; i < config.roster.size(); ++i)
    config.roster[i].address = fmt::format("tcp://127.0.0.1:{}", first + i);
}

void assign_addresses(Config& config, std::span<const FoundPeer> peers) {
  if (!config.swarm.address_template.empty()) return apply_template(config, peers);
  const auto has_address = [](const FoundPeer& peer) { return peer.places.contains("address"); };
  const auto without = std::find_if_not(peers.begin(), peers.end(), has_address);
  if (std::none_of(peers.begin(), peers.end(), has_address)) return assign_loopback(config);
  if (without != peers.end())
    throw OperatorError(without->place, fmt::format("peer \"{}\" has no address, while others have one; give every "
                                                    "[[peer]] an address, or none",
                                                    without->entry.name));
}

/// Where errors about the address of peer i point to.
Place address_place(const Config& config, std::span<const FoundPeer> peers, std::size_t i) {
  if (!config.swarm.address_template.empty()) return config.place_of("swarm.address_template");
  return peers.empty() ? config.place_of("swarm.base_port") : place_of(peers[i], "address");
}

void check_addresses(const Config& config, std::span<const FoundPeer> peers) {
  Uniqueness addresses("the address");
  for (std::size_t i = 0; i < config.roster.size(); ++i) {
    const std::string& address = config.roster[i].address;
    const Place place = address_place(config, peers, i);
    const auto endpoint = parse_tcp_endpoint(address);
    if (!endpoint || endpoint->host == "*")
      throw OperatorError(
          place, fmt::format("found \"{}\"; an address is tcp://HOST:PORT, such as tcp://192.0.2.10:7100", address));
    addresses.add(address, place);
  }
}

/// The endpoint that a peer at `address` binds when nothing else is said.
TcpEndpoint automatic_listen(const TcpEndpoint& address) {
  if (address.is_numeric()) return address;
  return {.host = address.is_loopback() ? "127.0.0.1" : "0.0.0.0", .port = address.port};
}

void assign_listen(Config& config, std::span<const FoundPeer> peers) {
  const bool automatic = config.swarm.listen == "auto";
  const bool replaced = is_override(config, "swarm.listen");
  for (std::size_t i = 0; i < config.roster.size(); ++i) {
    RosterEntry& peer = config.roster[i];
    const bool own = !replaced && !peers.empty() && peers[i].places.contains("listen");
    const Place place = own         ? place_of(peers[i], "listen")
                        : automatic ? address_place(config, peers, i)
                                    : config.place_of("swarm.listen");
    if (!own && automatic) peer.listen = automatic_listen(*parse_tcp_endpoint(peer.address)).text();
    if (!own && !automatic) peer.listen = config.swarm.listen;
    const auto endpoint = parse_tcp_endpoint(peer.listen);
    if (!endpoint || !endpoint->is_numeric())
      throw OperatorError(place, fmt::format("found \"{}\"; what a peer binds is tcp://ADDRESS:PORT with a numeric "
                                             "address, such as tcp://0.0.0.0:7100 for all interfaces",
                                             peer.listen));
    if (!endpoint->is_loopback() && !config.security.insecure)
      throw OperatorError(place, fmt::format("peer \"{}\" would listen on {}, where other machines reach it, without "
                                             "encryption or authentication. Keys come with a later version; until then "
                                             "set security.insecure = true if every machine on that network is trusted",
                                             peer.name, peer.listen));
  }
}

}  // namespace

bool is_plain_name(std::string_view name) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= 64 && (is_alphanumeric(name.front())) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

void build_roster(Config& config, std::span<const FoundPeer> peers) {
  config.roster.clear();
  if (peers.empty())
    count_peers(config);
  else
    take_tables(config, peers);
  assign_addresses(config, peers);
  check_addresses(config, peers);
  assign_listen(config, peers);
}

base::PeerId peer_index(const Config& config, std::string_view name) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < config.roster.size(); ++i) {
    if (config.roster[i].name == name) return base::PeerId{static_cast<std::uint32_t>(i)};
    names.push_back(config.roster[i].name);
  }
  const auto near = base::nearest(name, names);
  throw OperatorError(fmt::format("no peer of swarm \"{}\" is called \"{}\"{}; its {} peers are {}{}",
                                  config.swarm.name, name,
                                  near ? fmt::format("; did you mean \"{}\"?", *near) : std::string(), names.size(),
                                  fmt::join(std::span(names).first(std::min<std::size_t>(8, names.size())), ", "),
                                  names.size() > 8 ? ", ..." : ""));
}

}  // namespace parley::daemon
