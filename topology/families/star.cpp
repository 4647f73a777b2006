#include "topology/families/families.h"

namespace parley::topology {
namespace {

Graph make(const base::Arguments&, std::size_t n, std::uint64_t) {
  std::vector<Edge> edges;
  for (std::size_t leaf = 1; leaf < n; ++leaf) edges.emplace_back(0, leaf);
  return simple_graph(n, std::move(edges));
}

}  // namespace

const GraphRow& star_family() {
  static constexpr GraphRow row{
      .name = "star", .summary = "peer 0 is the neighbour of all others", .parameters = {}, .make = make};
  return row;
}

}  // namespace parley::topology
