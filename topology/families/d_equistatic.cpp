#include <map>

#include "base/error.h"
#include "topology/digraph.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "terms",
     .kind = base::ParameterKind::integer,
     .low = 1,
     .high = 1 << 16,
     .help = "basis graphs that are averaged: the most peers that one hears",
     .required = true},
};

/// W is the mean of the basis graphs A^(u) of offsets u drawn uniformly, with replacement, from 1 ... n-1: in A^(u)
/// peer i gives (n-1)/n to peer i+u and 1/n to itself (Song et al. 2022). An offset drawn twice counts twice.
Digraph draw(base::Random& random, std::size_t n, std::size_t terms) {
  std::map<std::size_t, double> times_drawn;
  for (std::size_t term = 0; term < terms; ++term) ++times_drawn[1 + random.below(static_cast<std::uint32_t>(n - 1))];
  const double peers = static_cast<double>(n);
  std::vector<WeightedArc> arcs;
  for (const auto& [offset, times] : times_drawn) {
    const double weight = times * (peers - 1) / (peers * static_cast<double>(terms));
    for (std::size_t i = 0; i < n; ++i) arcs.push_back({.from = (i + offset) % n, .to = i, .weight = weight});
  }
  return simple_digraph(n, std::move(arcs), {.has_weights = true});
}

Digraph make(const base::Arguments& arguments, std::size_t n, std::uint64_t seed) {
  if (n == 1) return simple_digraph(1, {}, {.has_weights = true});
  const auto terms = static_cast<std::size_t>(arguments.integer("terms"));
  for (std::uint64_t k = 0; k < kMaxDraws; ++k) {
    base::Random random({.seed = seed, .peer = {}, .round = {k}, .stream = base::Stream::graph});
    Digraph graph = draw(random, n, terms);
    if (shape(graph).components == 1) return graph;
  }
  throw base::OperatorError(
      fmt::format("{} gave no strongly connected graph on {} peers in {} draws: use more terms, such as {}",
                  arguments.canonical(), n, kMaxDraws, terms + 1));
}

}  // namespace

const GraphRow& d_equistatic_family() {
  static constexpr GraphRow row{
      .name = "d-equistatic",
      .summary = "every peer hears those at a few random places after it, the same for all; weights of its own",
      .parameters = kParameters,
      .make_directed = make};
  return row;
}

}  // namespace parley::topology
