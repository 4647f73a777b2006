#include "topology/graph.h"

#include <xxhash.h>

#include <algorithm>

#include "base/error.h"
#include "topology/families/families.h"
#include "topology/schedule.h"

namespace parley::topology {

Neighbourhood neighbourhood(const Graph& graph, base::PeerId peer) {
  PARLEY_CHECK(peer.value < num_vertices(graph), peer, num_vertices(graph));
  std::vector<base::PeerId> peers;
  peers.reserve(out_degree(peer.value, graph));
  for (auto [at, end] = adjacent_vertices(peer.value, graph); at != end; ++at)
    peers.push_back({static_cast<std::uint32_t>(*at)});
  std::sort(peers.begin(), peers.end());
  return {.in = peers, .out = std::move(peers)};
}

Graph graph_of_round(const Schedule& schedule, base::Round round) {
  const std::size_t n = schedule.size();
  std::vector<Edge> edges;
  std::size_t ends = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    for (const base::PeerId peer : schedule.neighbours({i}, round).out) {
      edges.emplace_back(i, peer.value);
      ++ends;
    }
  }
  Graph graph = simple_graph(n, std::move(edges));
  PARLEY_CHECK(ends == 2 * num_edges(graph), schedule.spec(), round);  // both ends of an edge must know of it
  return graph;
}

std::uint64_t fingerprint(const Graph& graph) {
  std::string canonical = fmt::format("{};", num_vertices(graph));
  for (std::uint32_t i = 0; i < num_vertices(graph); ++i) {
    for (const base::PeerId peer : neighbourhood(graph, {i}).out) {
      if (peer.value > i) canonical += fmt::format("{}-{};", i, peer.value);
    }
  }
  return XXH3_64bits(canonical.data(), canonical.size());
}

}  // namespace parley::topology
