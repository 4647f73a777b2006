#include "topology/families/families.h"

namespace parley::topology {
namespace {

Graph make(const base::Arguments&, std::size_t n, std::uint64_t) {
  std::vector<Edge> edges;
  edges.reserve(n * (n - 1) / 2);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) edges.emplace_back(i, j);
  }
  return simple_graph(n, std::move(edges));
}

}  // namespace

const GraphRow& complete_family() {
  static constexpr GraphRow row{.name = "complete",
                                .summary = "every peer is the neighbour of every other",
                                .parameters = {},
                                .make = make,
                                .places = places_on_a_circle};
  return row;
}

}  // namespace parley::topology
