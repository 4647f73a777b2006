#include "topology/digraph.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

Digraph make(const base::Arguments&, std::size_t n, std::uint64_t) {
  // The hops are the powers of two below n: counted in integers, because a floating-point log2 is off by one at some n.
  std::vector<WeightedArc> arcs;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t hop = 1; hop < n; hop *= 2) arcs.push_back({.from = (i + hop) % n, .to = i});
  }
  return simple_digraph(n, std::move(arcs), {});
}

}  // namespace

const GraphRow& directed_exponential_family() {
  static constexpr GraphRow row{.name = "directed-exponential",
                                .summary = "every peer hears those 1, 2, 4, 8, ... places after it",
                                .parameters = {},
                                .make_directed = make};
  return row;
}

}  // namespace parley::topology
