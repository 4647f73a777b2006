// What rules share that look at the whole graph of every round.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "topology/mixing_matrix.h"
#include "topology/schedule.h"

namespace parley::topology {

/// An undirected graph as lists of edges, with what its peers count.
struct EdgeGraph {
  std::size_t n = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;  ///< low end first, ascending
  std::vector<double> shares;                                  ///< 1 on average
};

/// Throws base::OperatorError that names the rule and the schedule if the schedule never repeats, repeats after too
/// many rounds, or has one-way arcs.
void require_whole_graphs(const WeightBlueprint& blueprint);

/// One flow per edge: shares[i] w_ij = shares[j] w_ji, so that w_ij is the flow divided by the receiver's share.
using Flows = std::vector<double>;

/// A rule that solves every different graph of a period once and then looks its answers up.
class SolvedWeights final : public WeightRule {
 public:
  /// `solve` gets every different graph with at least one edge, and the first round that has it. Throws as
  /// require_whole_graphs does, and whatever `solve` throws.
  SolvedWeights(const WeightBlueprint& blueprint,
                const std::function<Flows(const EdgeGraph& graph, base::Round round)>& solve);

  const std::string& spec() const override { return spec_; }
  double weight(const Arc& arc) const override;

 private:
  struct Solution {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;  // ascending
    Flows flows;                                                 // one per edge
  };

  std::string spec_;
  std::vector<double> shares_;
  std::vector<Solution> solutions_;       // of the different graphs
  std::vector<std::size_t> solution_of_;  // by round of the period
};

}  // namespace parley::topology
