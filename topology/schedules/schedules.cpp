#include "topology/schedules/schedules.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/random.h"
#include "topology/digraph.h"

namespace parley::topology {

void SizedSchedule::check(base::PeerId peer) const {
  PARLEY_CHECK(peer.value < n_, peer, n_);
}

FixedGraph::FixedGraph(std::string_view spec, std::size_t n, std::uint64_t seed)
    : FixedGraph(is_directed_graph(spec) ? neighbourhoods(make_digraph(spec, n, seed))
                                         : neighbourhoods(make_graph(spec, n, seed))) {}

FixedGraph::FixedGraph(std::vector<Neighbourhood> of_peers) : of(std::move(of_peers)) {
  directed = std::any_of(of.begin(), of.end(), [](const Neighbourhood& peer) { return !peer.is_symmetric(); });
}

std::vector<base::PeerId> distinct(std::vector<base::PeerId> peers, base::PeerId self) {
  std::erase(peers, self);
  std::sort(peers.begin(), peers.end());
  peers.erase(std::unique(peers.begin(), peers.end()), peers.end());
  return peers;
}

std::vector<base::PeerId> everyone_but(base::PeerId self, std::size_t n) {
  std::vector<base::PeerId> peers;
  peers.reserve(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    if (i != self.value) peers.push_back({i});
  }
  return peers;
}

Neighbourhood paired_with(std::size_t mate, base::PeerId peer, std::size_t n) {
  if (mate >= n || mate == peer.value) return {};
  const std::vector<base::PeerId> only{{static_cast<std::uint32_t>(mate)}};
  return {.in = only, .out = only};
}

std::vector<std::uint32_t> random_order(std::uint64_t seed, base::Round round, std::size_t n) {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  base::Random random({.seed = seed, .peer = {}, .round = round, .stream = base::Stream::schedule});
  random.shuffle(std::span(order));
  return order;
}

}  // namespace parley::topology
