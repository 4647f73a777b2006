#include "topology/schedule_summary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "topology/joint_connectivity.h"

namespace parley::topology {
namespace {

constexpr std::size_t kLargestMeanSquare = 500;
constexpr std::uint64_t kMeanSquareRounds = 500;  // few rounds make it seem slower than it is
constexpr std::size_t kLargestCounted = 200;
constexpr std::uint64_t kMostCounted = 2000;
constexpr double kNoProgress = 1e-12;

/// What is sent and who sends it.
void summarise_traffic(const Schedule& schedule, ScheduleSummary& summary) {
  const auto rounds = static_cast<double>(summary.rounds);
  std::vector<std::size_t> carried(summary.peers);
  std::size_t sent = 0;
  summary.min_degree = std::numeric_limits<std::size_t>::max();
  for (std::uint64_t t = 0; t < summary.rounds; ++t) {
    const std::vector<Neighbourhood> all = schedule.neighbourhoods({t});
    for (std::size_t i = 0; i < all.size(); ++i) {
      summary.min_degree = std::min(summary.min_degree, all[i].out.size());
      summary.max_degree = std::max(summary.max_degree, all[i].out.size());
      sent += all[i].out.size();
      carried[i] += all[i].in.size() + all[i].out.size();
    }
  }
  const auto busiest = std::max_element(carried.begin(), carried.end());
  summary.busiest_peer = {static_cast<std::uint32_t>(busiest - carried.begin())};
  summary.busiest_messages = static_cast<double>(*busiest) / rounds;
  summary.messages_per_round = static_cast<double>(sent) / rounds;
  for (std::uint32_t i = 0; i < summary.peers; ++i)
    summary.most_links = std::max(summary.most_links, schedule.partners({i}).size());
}

void summarise_matrices(const Schedule& schedule, const WeightRule& rule, ScheduleSummary& summary) {
  constexpr double kSumTolerance = 1e-9;
  summary.symmetric = summary.doubly_stochastic = true;
  for (std::uint64_t t = 0; t < summary.rounds; ++t) {
    const MixingMatrix W = mixing_matrix(schedule, {t}, rule);
    const Eigen::VectorXd ones = Eigen::VectorXd::Ones(W.rows());
    const Eigen::VectorXd rows = W * ones, columns = W.transpose() * ones;
    summary.symmetric &= is_symmetric(W);
    summary.doubly_stochastic &=
        (rows - ones).cwiseAbs().maxCoeff() < kSumTolerance && (columns - ones).cwiseAbs().maxCoeff() < kSumTolerance;
  }
}

std::optional<double> rounds_to_shrink(const Schedule& schedule, const WeightRule& rule,
                                       const ScheduleSummary& summary) {
  if (!summary.per_round) return std::nullopt;
  if (summary.peers <= kLargestCounted) {
    if (const auto counted = rounds_to_a_thousandth(schedule, rule, kMostCounted)) return static_cast<double>(*counted);
  }
  if (*summary.per_round > 1 - kNoProgress) return std::nullopt;
  return std::max(1.0, std::log(1000) / -std::log(*summary.per_round));
}

}  // namespace

ScheduleSummary summarise(const Schedule& schedule, const WeightRule& rule, std::uint64_t sampled_rounds) {
  ScheduleSummary summary;
  summary.spec = schedule.spec();
  summary.peers = schedule.size();
  summary.period = schedule.period();
  summary.directed = schedule.is_directed();
  summary.all_rounds = summary.period > 0 && summary.period <= sampled_rounds;
  summary.rounds = summary.all_rounds ? summary.period : sampled_rounds;
  summarise_traffic(schedule, summary);
  summarise_matrices(schedule, rule, summary);
  // Windows that begin in one period and end in the next are windows, too.
  summary.joint_window = joint_window(schedule, {}, summary.all_rounds ? 2 * summary.rounds - 1 : summary.rounds);
  summary.over_rounds = contraction(schedule, rule, {}, summary.rounds);
  if (summary.over_rounds.norm)
    summary.per_round = std::pow(*summary.over_rounds.norm, 1.0 / static_cast<double>(summary.rounds));
  if (summary.period == 0 && summary.over_rounds.norm && summary.peers <= kLargestMeanSquare)
    summary.mean_square = mean_square_rate(schedule, rule, {}, std::max(summary.rounds, kMeanSquareRounds));
  summary.rounds_to_a_thousandth = rounds_to_shrink(schedule, rule, summary);
  return summary;
}

}  // namespace parley::topology
