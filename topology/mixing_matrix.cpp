#include "topology/mixing_matrix.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/error.h"
#include "topology/digraph.h"
#include "topology/schedule.h"
#include "topology/weights/weights.h"

namespace parley::topology {
namespace {

const WeightRow& row_of(const base::Spec& spec) {
  return base::find_row(weight_registry(), "weight rule", spec.name);
}

MixingMatrix from_entries(std::size_t n, const std::vector<Eigen::Triplet<double>>& entries) {
  const auto size = static_cast<Eigen::Index>(n);
  MixingMatrix W(size, size);
  W.setFromTriplets(entries.begin(), entries.end());
  return W;
}

}  // namespace

std::span<const WeightRow> weight_registry() {
  static const std::array rows{metropolis_weights(),    max_degree_weights(),  lazy_weights(),
                               best_constant_weights(), fdla_weights(),        fmmc_weights(),
                               uniform_weights(),       uniform_out_weights(), given_weights()};
  return rows;
}

std::unique_ptr<WeightRule> make_weight_rule(std::string_view spec, const Schedule& schedule,
                                             std::span<const double> shares) {
  PARLEY_CHECK(shares.empty() || shares.size() == schedule.size(), shares.size(), schedule.size());
  for (const double share : shares) PARLEY_CHECK(share > 0, share);
  const base::Spec parsed = base::parse_spec(spec);
  const WeightRow& row = row_of(parsed);
  const base::Arguments arguments(parsed, row.parameters);
  return row.make({.arguments = arguments, .schedule = schedule, .shares = shares});
}

std::unique_ptr<WeightRule> make_weight_rule(std::string_view spec, const Graph& graph,
                                             std::span<const double> shares) {
  return make_weight_rule(spec, *fixed_schedule(graph), shares);
}

std::string canonical_weight_spec(std::string_view spec) {
  const base::Spec parsed = base::parse_spec(spec);
  const WeightRow& row = row_of(parsed);
  const base::Arguments arguments(parsed, row.parameters);
  return row.canonical != nullptr ? row.canonical(arguments) : arguments.canonical();
}

MixingMatrix mixing_matrix(const Graph& graph, const WeightRule& rule) {
  return mixing_matrix(neighbourhoods(graph), {}, rule);
}

MixingMatrix mixing_matrix(const Schedule& schedule, base::Round round, const WeightRule& rule) {
  return mixing_matrix(schedule.neighbourhoods(round), round, rule);
}

MixingMatrix mixing_matrix(std::span<const Neighbourhood> of_round, base::Round round, const WeightRule& rule) {
  const std::size_t n = of_round.size();
  const bool given =
      std::any_of(of_round.begin(), of_round.end(), [](const Neighbourhood& own) { return !own.weights.empty(); });
  const bool sender_keeps = !given && rule.sums() == Sums::columns;
  std::vector<double> given_away(n);  // by who keeps the rest, summed in the order in which a peer does it for itself
  std::vector<Eigen::Triplet<double>> entries;
  for (std::uint32_t i = 0; i < n; ++i) {
    const Neighbourhood& own = of_round[i];
    for (std::size_t k = 0; k < own.in.size(); ++k) {
      const base::PeerId j = own.in[k];
      const double w_ij = own.weights.empty() ? rule.weight({.from = j,
                                                             .to = {i},
                                                             .from_degree = of_round[j.value].out.size(),
                                                             .to_degree = own.in.size(),
                                                             .round = round})
                                              : own.weights[k];
      entries.emplace_back(static_cast<int>(i), static_cast<int>(j.value), w_ij);
      given_away[sender_keeps ? j.value : i] += w_ij;
    }
  }
  for (std::size_t i = 0; i < n; ++i)
    entries.emplace_back(static_cast<int>(i), static_cast<int>(i), 1.0 - given_away[i]);
  return from_entries(n, entries);
}

std::uint64_t fingerprint(const MixingMatrix& W) {
  std::uint64_t hash = static_cast<std::uint64_t>(W.rows());
  for (Eigen::Index i = 0; i < W.rows(); ++i) {
    for (MixingMatrix::InnerIterator w(W, i); w; ++w) {
      const std::array<std::uint64_t, 3> entry{static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(w.col()),
                                               std::bit_cast<std::uint64_t>(w.value())};
      hash = XXH3_64bits_withSeed(entry.data(), sizeof(entry), hash);
    }
  }
  return hash;
}

}  // namespace parley::topology
