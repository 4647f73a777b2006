#include "topology/files/node_names.h"

#include <charconv>

#include "base/error.h"
#include "topology/files/edge_collector.h"

namespace parley::topology {
namespace {

std::string remedy(std::size_t n) {
  return fmt::format("name the nodes 0 to {}, or with these numbers at the end, as site-0", n - 1);
}

std::size_t number_of(const NamedNode& node, std::size_t n, const std::string& file) {
  const std::string_view name = node.name;
  const std::size_t before = name.find_last_not_of("0123456789");
  const std::string_view digits = name.substr(before == std::string_view::npos ? 0 : before + 1);
  if (digits.empty())
    fail_at(file, node.line,
            fmt::format("node \"{}\" does not end in the number of a peer: {}", shown(name), remedy(n)));
  std::size_t number = 0;
  const auto [stopped, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || number >= n) {
    fail_at(file, node.line,
            fmt::format("node \"{}\": there is no peer {}, the swarm has {} peers, numbered from 0: {}", shown(name),
                        shown(digits), n, remedy(n)));
  }
  return number;
}

}  // namespace

std::vector<std::size_t> peers_of_nodes(std::span<const NamedNode> nodes, std::size_t n, const std::string& file) {
  std::vector<std::size_t> peers;
  std::vector<const NamedNode*> node_of(n);
  for (const NamedNode& node : nodes) {
    peers.push_back(number_of(node, n, file));
    const NamedNode*& known = node_of[peers.back()];
    if (known != nullptr) {
      fail_at(file, node.line,
              fmt::format("nodes \"{}\" and \"{}\" are both peer {}: {}", shown(known->name), shown(node.name),
                          peers.back(), remedy(n)));
    }
    known = &node;
  }
  if (nodes.size() != n) {
    fail_at(file, 0,
            fmt::format("has {} node{}, the swarm has {} peer{}: {}", nodes.size(), nodes.size() == 1 ? "" : "s", n,
                        n == 1 ? "" : "s", remedy(n)));
  }
  return peers;
}

}  // namespace parley::topology
