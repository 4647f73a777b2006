#include <algorithm>

#include "base/error.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "links",
     .kind = base::ParameterKind::integer,
     .low = 1,
     .high = 1 << 20,
     .help = "neighbours that every newcomer chooses",
     .required = true},
};

/// Starts with links + 1 peers that all know each other. Every further peer joins `links` different ones, each drawn
/// from the list of the ends of all earlier edges, in which a peer stands once for every neighbour; one that is drawn a
/// second time is drawn again. Connected from the first draw on.
Graph draw(base::Random& random, std::size_t n, std::size_t links) {
  std::vector<Edge> edges;
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i <= links; ++i) {
    for (std::size_t j = i + 1; j <= links; ++j) {
      edges.emplace_back(i, j);
      ends.insert(ends.end(), {i, j});
    }
  }
  std::vector<std::size_t> chosen;
  for (std::size_t newcomer = links + 1; newcomer < n; ++newcomer) {
    chosen.clear();
    while (chosen.size() < links) {
      const std::size_t end = ends[random.below(static_cast<std::uint32_t>(ends.size()))];
      if (std::find(chosen.begin(), chosen.end(), end) == chosen.end()) chosen.push_back(end);
    }
    for (const std::size_t end : chosen) {
      edges.emplace_back(end, newcomer);
      ends.insert(ends.end(), {end, newcomer});
    }
  }
  return simple_graph(n, std::move(edges));
}

Graph make(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) {
  const auto links = static_cast<std::size_t>(arguments.integer("links"));
  if (n < 2) {
    throw base::OperatorError(fmt::format("{} needs at least 2 peers, the swarm has one", arguments.canonical()));
  }
  if (links >= n) {
    throw base::OperatorError(fmt::format("{} starts with {} peers, the swarm has {}: use links={} or less",
                                          arguments.canonical(), links + 1, n, n - 1));
  }
  auto graph = draw_connected(seed, [&](base::Random& random) { return draw(random, n, links); });
  PARLEY_CHECK(graph.has_value(), n, links);
  return *std::move(graph);
}

}  // namespace

const GraphRow& barabasi_albert_family() {
  static constexpr GraphRow row{
      .name = "barabasi-albert",
      .summary = "peers join one after another, each choosing some that are there, those with many neighbours rather",
      .parameters = kParameters,
      .make = make};
  return row;
}

}  // namespace parley::topology
