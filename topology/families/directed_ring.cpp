#include "topology/digraph.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

Digraph make(const base::Arguments&, std::size_t n, std::uint64_t) {
  std::vector<WeightedArc> arcs;
  for (std::size_t i = 0; i < n; ++i) arcs.push_back({.from = i, .to = (i + 1) % n});
  return simple_digraph(n, std::move(arcs), {});
}

}  // namespace

const GraphRow& directed_ring_family() {
  static constexpr GraphRow row{.name = "directed-ring",
                                .summary = "every peer hears the one before it and sends to the one after it",
                                .parameters = {},
                                .make_directed = make};
  return row;
}

}  // namespace parley::topology
