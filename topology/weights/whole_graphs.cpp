#include "topology/weights/whole_graphs.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/error.h"
#include "topology/weights/weights.h"

namespace parley::topology {
namespace {

constexpr std::uint64_t kLongestPeriod = 4096;

EdgeGraph edge_graph(const Schedule& schedule, base::Round round, std::vector<double> shares) {
  EdgeGraph graph{.n = schedule.size(), .edges = {}, .shares = std::move(shares)};
  const std::vector<Neighbourhood> all = schedule.neighbourhoods(round);
  for (std::uint32_t i = 0; i < graph.n; ++i) {
    for (const base::PeerId j : all[i].in) {
      if (j.value > i) graph.edges.emplace_back(i, j.value);
    }
  }
  return graph;
}

}  // namespace

std::vector<double> normalised(std::span<const double> shares, std::size_t n) {
  if (shares.empty()) return std::vector<double>(n, 1.0);
  const double mean = std::accumulate(shares.begin(), shares.end(), 0.0) / static_cast<double>(n);
  std::vector<double> scaled(shares.begin(), shares.end());
  for (double& share : scaled) share /= mean;
  return scaled;
}

void require_whole_graphs(const WeightBlueprint& blueprint) {
  const Schedule& schedule = blueprint.schedule;
  const std::string rule = blueprint.arguments.canonical();
  if (schedule.period() == 0) {
    throw base::OperatorError(
        fmt::format("{} needs to know the graph of every round beforehand, and {} draws a new one each time: set "
                    "weights = \"metropolis\", which needs the degrees of neighbours only",
                    rule, schedule.spec()));
  }
  if (schedule.period() > kLongestPeriod) {
    throw base::OperatorError(
        fmt::format("{} looks at all graphs of a period, and {} repeats only after {} rounds (at "
                    "most {}): set weights = \"metropolis\"",
                    rule, schedule.spec(), schedule.period(), kLongestPeriod));
  }
  if (schedule.is_directed()) {
    throw base::OperatorError(
        fmt::format("{} needs edges that go both ways, and {} has some that do not: set weights = \"uniform-out\" for "
                    "push-sum, or choose an undirected graph",
                    rule, schedule.spec()));
  }
}

SolvedWeights::SolvedWeights(const WeightBlueprint& blueprint,
                             const std::function<Flows(const EdgeGraph& graph, base::Round round)>& solve)
    : spec_(blueprint.arguments.canonical()), shares_(normalised(blueprint.shares, blueprint.schedule.size())) {
  require_whole_graphs(blueprint);
  std::map<std::vector<std::pair<std::uint32_t, std::uint32_t>>, std::size_t> known;
  for (std::uint64_t t = 0; t < blueprint.schedule.period(); ++t) {
    EdgeGraph graph = edge_graph(blueprint.schedule, {t}, shares_);
    const auto [at, is_new] = known.try_emplace(graph.edges, solutions_.size());
    solution_of_.push_back(at->second);
    if (!is_new) continue;
    Flows flows = graph.edges.empty() ? Flows{} : solve(graph, {t});
    PARLEY_CHECK(flows.size() == graph.edges.size(), flows.size(), graph.edges.size());
    solutions_.push_back({.edges = std::move(graph.edges), .flows = std::move(flows)});
  }
}

double SolvedWeights::weight(const Arc& arc) const {
  const Solution& solution = solutions_[solution_of_[arc.round.value % solution_of_.size()]];
  const std::pair<std::uint32_t, std::uint32_t> edge = std::minmax(arc.from.value, arc.to.value);
  const auto at = std::lower_bound(solution.edges.begin(), solution.edges.end(), edge);
  PARLEY_CHECK(at != solution.edges.end() && *at == edge, spec_, arc.from, arc.to, arc.round);
  return solution.flows[static_cast<std::size_t>(at - solution.edges.begin())] / shares_[arc.to.value];
}

}  // namespace parley::topology
