#include "topology/schedule_check.h"

#include <algorithm>
#include <boost/graph/bipartite.hpp>
#include <boost/pending/disjoint_sets.hpp>
#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "topology/contraction.h"
#include "topology/digraph.h"
#include "topology/joint_connectivity.h"

namespace parley::topology {
namespace {

using Names = std::span<const std::string>;

void require_both_ways(std::span<const Neighbourhood> all, const Schedule& schedule, Names names) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& [in, out, weights] = all[i];
    for (const base::PeerId j : out) {
      if (std::binary_search(in.begin(), in.end(), j)) continue;
      throw base::OperatorError(
          fmt::format("{} sends to {} but does not hear it, and the algorithm needs edges that go both ways: {}",
                      names[i], names[j.value],
                      schedule.is_static() ? "choose an undirected graph, such as ring or exponential"
                                           : "choose a schedule such as one-peer-hypercube or random-matching"));
    }
  }
}

Graph undirected(std::span<const Neighbourhood> all) {
  Graph graph(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const base::PeerId j : all[i].out) {
      if (j.value > i) add_edge(i, j.value, graph);
    }
  }
  return graph;
}

void require_tree(const Graph& graph, Names names) {
  std::vector<std::size_t> rank(num_vertices(graph)), parent(num_vertices(graph));
  boost::disjoint_sets sets(rank.data(), parent.data());
  for (std::size_t i = 0; i < num_vertices(graph); ++i) sets.make_set(i);
  for (auto [edge, end] = edges(graph); edge != end; ++edge) {
    const std::size_t a = source(*edge, graph), b = target(*edge, graph);
    if (sets.find_set(a) == sets.find_set(b)) {
      throw base::OperatorError(fmt::format(
          "the graph is not a tree: the edge of {} and {} closes a cycle, so that what one of them knows would "
          "count twice; remove it, or set graph = \"star\", \"path\" or another tree",
          names[a], names[b]));
    }
    sets.union_set(a, b);
  }
  require_connected(graph, names);
}

void require_bipartite(const Graph& graph, Names names) {
  std::vector<std::size_t> cycle;
  boost::find_odd_cycle(graph, get(boost::vertex_index, graph), std::back_inserter(cycle));
  if (cycle.empty()) return;
  std::vector<std::string_view> along;
  for (const std::size_t i : cycle) along.push_back(names[i]);
  throw base::OperatorError(fmt::format(
      "the graph is not bipartite: {} are a cycle of odd length {}, so that peers cannot be divided into two "
      "sides with no edge inside either; remove one of its edges, or choose a bipartite graph, such as a "
      "ring or torus with even sides, a hypercube or a tree",
      fmt::join(along, ", "), cycle.size()));
}

/// Checks the rounds from 0 on. Each is named in what the operator is told if there are several.
class RoundChecker {
 public:
  RoundChecker(const Schedule& schedule, const WeightRule& rule, const ScheduleRequirements& needed, Names names)
      : schedule_(schedule), rule_(rule), needed_(needed), names_(names) {
    // A round alone need not mix: what it leaves, others may take care of. A bound above -1 is meant for each of them.
    in_each_round_ = needed.matrix;
    if (!schedule.is_static() && in_each_round_.lambda_n_above <= -1) in_each_round_.lambda_n_above = -2;
  }

  void check(base::Round round, std::span<const Neighbourhood> all) {
    try {
      if (needed_.undirected || needed_.tree || needed_.bipartite) require_both_ways(all, schedule_, names_);
      if (needed_.tree) require_tree(undirected(all), names_);
      if (needed_.bipartite) require_bipartite(undirected(all), names_);
      const bool own_weights =
          std::any_of(all.begin(), all.end(), [](const Neighbourhood& own) { return !own.weights.empty(); });
      const MixingMatrix W = mixing_matrix(all, round, rule_);
      validate(W, in_each_round_, names_, own_weights ? WeightOrigin::schedule : WeightOrigin::rule);
      keeps_some_ &= W.diagonal().minCoeff() > 0;
    } catch (const base::OperatorError& error) {
      if (schedule_.is_static()) throw;
      throw base::OperatorError(error.place(),
                                fmt::format("in round {} of {}: {}", round, schedule_.spec(), error.message()));
    }
  }

  /// All peers keep some weight for themselves in every round.
  bool keeps_some() const { return keeps_some_; }

 private:
  const Schedule& schedule_;
  const WeightRule& rule_;
  const ScheduleRequirements& needed_;
  Names names_;
  Requirements in_each_round_;
  bool keeps_some_ = true;
};

/// Throws with the peers that all rounds together leave out.
[[noreturn]] void refuse_disconnected(const Schedule& schedule, const ScheduleCheck& check,
                                      const std::vector<WeightedArc>& arcs, Names names) {
  const Digraph all_arcs = simple_digraph(schedule.size(), arcs, {});
  try {
    if (schedule.is_directed()) {
      require_strongly_connected(all_arcs, names);
    } else {
      Graph graph(schedule.size());
      for (auto [arc, end] = edges(all_arcs); arc != end; ++arc) {
        if (source(*arc, all_arcs) < target(*arc, all_arcs))
          add_edge(source(*arc, all_arcs), target(*arc, all_arcs), graph);
      }
      require_connected(graph, names);
    }
  } catch (const base::OperatorError& error) {
    if (schedule.is_static()) throw;
    throw base::OperatorError(
        fmt::format("over all of rounds 0 to {} of {}: {}", check.rounds - 1, schedule.spec(), error.message()));
  }
  PARLEY_CHECK(false, schedule.spec());  // called only if they leave somebody out
  std::abort();
}

void require_contraction(const Schedule& schedule, const WeightRule& rule, std::uint64_t rounds) {
  const Contraction found = contraction(schedule, rule, {}, rounds);
  constexpr double kTolerance = 1e-9;
  if (!found.norm || *found.norm < 1 - kTolerance) return;
  throw base::OperatorError(
      fmt::format("{} rounds of {} shrink the peers' disagreement by a factor of {:.6g}: they would never agree; set "
                  "weights = \"lazy\", so that every peer keeps some of its own",
                  rounds, schedule.spec(), *found.norm));
}

}  // namespace

ScheduleCheck validate(const Schedule& schedule, const WeightRule& rule, const ScheduleRequirements& needed,
                       Names names, std::uint64_t sampled_rounds) {
  PARLEY_CHECK(names.size() == schedule.size() && sampled_rounds >= 1, names.size(), schedule.size(), sampled_rounds);
  if (needed.is_static && !schedule.is_static()) {
    throw base::OperatorError(
        fmt::format("the algorithm needs the same graph in every round, and {} changes it: set schedule = \"static\"",
                    schedule.spec()));
  }
  ScheduleCheck check;
  check.all_rounds = schedule.period() > 0 && schedule.period() <= sampled_rounds;
  check.rounds = check.all_rounds ? schedule.period() : sampled_rounds;

  RoundChecker checker(schedule, rule, needed, names);
  JointConnectivity connectivity(schedule.size());
  std::vector<WeightedArc> arcs;
  for (std::uint64_t t = 0; t < check.rounds; ++t) {
    const std::vector<Neighbourhood> all = schedule.neighbourhoods({t});
    checker.check({t}, all);
    connectivity.observe(all);
    if (connectivity.window()) continue;
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (const base::PeerId j : all[i].in) arcs.push_back({.from = j.value, .to = i});
    }
  }
  if (!connectivity.window()) refuse_disconnected(schedule, check, arcs, names);
  // Windows that begin in one period and end in the next are windows, too.
  for (std::uint64_t t = 0; check.all_rounds && !schedule.is_static() && t + 1 < check.rounds; ++t)
    connectivity.observe(schedule.neighbourhoods({check.rounds + t}));
  check.window = *connectivity.window();
  if (needed.connected_within > 0 && check.window > needed.connected_within) {
    throw base::OperatorError(fmt::format(
        "it takes up to {} rounds in a row of {} to connect all peers, and the algorithm needs that within {}: "
        "choose a schedule that meets everyone sooner",
        check.window, schedule.spec(), needed.connected_within));
  }
  if (!checker.keeps_some() && !schedule.is_static() && needed.matrix.sums != Stochastic::columns)
    require_contraction(schedule, rule, check.rounds);
  return check;
}

}  // namespace parley::topology
