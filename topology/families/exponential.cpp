#include "topology/families/families.h"

namespace parley::topology {
namespace {

Graph make(const base::Arguments&, std::size_t n, std::uint64_t) {
  // The hops are the powers of two below n: counted in integers, because a floating-point log2 is off by one at some n.
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t hop = 1; hop < n; hop *= 2) edges.emplace_back(i, (i + hop) % n);
  }
  return simple_graph(n, std::move(edges));
}

}  // namespace

const GraphRow& exponential_family() {
  static constexpr GraphRow row{.name = "exponential",
                                .summary = "neighbours are 1, 2, 4, 8, ... places away, in both directions",
                                .parameters = {},
                                .make = make,
                                .places = places_on_a_circle};
  return row;
}

}  // namespace parley::topology
