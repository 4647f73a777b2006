#include <bit>

#include "base/error.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

Graph make(const base::Arguments&, std::size_t n, std::uint64_t) {
  if (!std::has_single_bit(n)) {
    throw base::OperatorError(
        fmt::format("hypercube needs a power of two of peers, the swarm has {}: use {} or {} peers, or graph = "
                    "\"exponential\", which takes any number",
                    n, std::bit_floor(n), std::bit_ceil(n)));
  }
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t bit = 1; bit < n; bit *= 2) edges.emplace_back(i, i ^ bit);
  }
  return simple_graph(n, std::move(edges));
}

}  // namespace

const GraphRow& hypercube_family() {
  static constexpr GraphRow row{.name = "hypercube",
                                .summary = "neighbours differ in one binary digit; needs a power of two of peers",
                                .parameters = {},
                                .make = make};
  return row;
}

}  // namespace parley::topology
