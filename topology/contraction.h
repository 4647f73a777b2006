// How much rounds of mixing shrink the disagreement of the peers, measured.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "topology/mixing_matrix.h"
#include "topology/schedule.h"

namespace parley::topology {

/// What is left of disagreement after some rounds, with P = W_t ... W_first their product and J = 1 1^T / n.
struct Contraction {
  std::uint64_t rounds = 0;
  /// |(I - J) P|_2, which is |P - J|_2 where mixing keeps the average: at most so much is left of the distance of the
  /// models from their average. 1 or more: some disagreement does not shrink. Nothing if rows do not sum to one, as
  /// with weights for push-sum.
  std::optional<double> norm;
  /// Half of the largest sum_i |P_ij - P_ik| over j and k: of what two peers had, so much is still told apart
  /// (Dobrushin); 1 if some two peers have reached nobody in common. Nothing for more than 1000 peers, or if columns do
  /// not sum to one.
  std::optional<double> dobrushin;
};

/// Of the rounds first ... first + rounds - 1. Takes the product itself up to some thousand peers, and Lanczos on the
/// rounds one after the other beyond.
Contraction contraction(const Schedule& schedule, const WeightRule& rule, base::Round first, std::uint64_t rounds);

/// The largest eigenvalue of the mean of W_t^T (I - J) W_t over those rounds: what one round leaves of the squared
/// distance on average, where rounds are drawn independently of each other. Dense: for up to some thousand peers.
double mean_square_rate(const Schedule& schedule, const WeightRule& rule, base::Round first, std::uint64_t rounds);

/// The factor by which a round shrinks the distance of a random start, as the geometric mean over those rounds: what
/// gossip is seen to do, at the cost of one number per peer. Zero if they come to agree exactly. Rows must sum to one.
double observed_rate(const Schedule& schedule, const WeightRule& rule, base::Round first, std::uint64_t rounds);

/// Rounds from round 0 until a thousandth at most is left of the distance, whatever the models were (the norm above).
/// Nothing if that takes more than `most` rounds. Takes the product: for up to some hundred peers.
std::optional<std::uint64_t> rounds_to_a_thousandth(const Schedule& schedule, const WeightRule& rule,
                                                    std::uint64_t most);

}  // namespace parley::topology
