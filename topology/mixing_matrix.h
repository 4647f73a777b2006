// The mixing matrix W of a graph under a weight rule, what an algorithm needs of it, and its spectrum.
#pragma once

#include <Eigen/SparseCore>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/spec.h"
#include "topology/graph.h"

namespace parley::topology {

/// Which lines of W a rule makes sum to one, and so who keeps what is left.
enum class Sums {
  rows,     ///< the receiver keeps the rest of one: x_i becomes a mean of what it hears and its own
  columns,  ///< the sender keeps the rest of one: what is sent and what is kept add up, as push-sum needs
};

/// How w_ij follows from the graph.
class WeightRule {
 public:
  virtual ~WeightRule() = default;
  virtual const std::string& spec() const = 0;
  /// w_ij, the weight that the receiver i gives what the sender j sent. Checked, by rules that know whole graphs: the
  /// schedule that the rule was made for has this arc in that round.
  virtual double weight(const Arc& arc) const = 0;
  virtual Sums sums() const { return Sums::rows; }
};

/// What a weight rule is built from.
struct WeightBlueprint {
  const base::Arguments& arguments;
  const Schedule& schedule;  ///< for rules that need something global, such as the largest degree
  /// How much the peers count relative to each other, such as by the sizes of their data; empty: all alike. Rules that
  /// mix towards the mean then mix towards the mean that is weighted so: W has these as its stationary distribution,
  /// and shares[i] w_ij = shares[j] w_ji.
  std::span<const double> shares = {};
};

/// One weight rule. Adding one: its file, its row, its tests.
struct WeightRow {
  std::string_view name;
  std::string_view summary;
  std::span<const base::Parameter> parameters;
  /// Throws base::OperatorError if the rule cannot serve that schedule or those shares.
  std::unique_ptr<WeightRule> (*make)(const WeightBlueprint& blueprint);
  /// The canonical spec, where an argument is a spec itself; by default that of the arguments.
  std::string (*canonical)(const base::Arguments& arguments) = nullptr;
};

/// All rules, in the order in which they are listed to people.
std::span<const WeightRow> weight_registry();

/// Throws base::OperatorError for a spec that names no rule, and for one that does not fit. Checked: there is a
/// positive share for every peer, or none.
std::unique_ptr<WeightRule> make_weight_rule(std::string_view spec, const Schedule& schedule,
                                             std::span<const double> shares = {});
/// The same for one graph in all rounds.
std::unique_ptr<WeightRule> make_weight_rule(std::string_view spec, const Graph& graph,
                                             std::span<const double> shares = {});

/// The spec with all its parameters spelled out.
std::string canonical_weight_spec(std::string_view spec);

/// W, n by n: w_ij for every edge, and what is left of one on the diagonal.
using MixingMatrix = Eigen::SparseMatrix<double, Eigen::RowMajor>;
MixingMatrix mixing_matrix(const Graph& graph, const WeightRule& rule);
/// W of one round. Where a peer's neighbourhood comes with weights, they hold and the rule is not asked.
MixingMatrix mixing_matrix(const Schedule& schedule, base::Round round, const WeightRule& rule);
MixingMatrix mixing_matrix(std::span<const Neighbourhood> of_round, base::Round round, const WeightRule& rule);

/// 64-bit hash of all entries, to the bit. The spec of a rule does not say what its file holds, nor what a solver came
/// to on another kind of CPU: peers whose fingerprints differ would mix with different weights.
std::uint64_t fingerprint(const MixingMatrix& W);

/// w_ij = w_ji for all i and j, to 1e-12.
bool is_symmetric(const MixingMatrix& W);

/// Which sums of W an algorithm needs to be one.
enum class Stochastic {
  rows,     ///< x_i becomes a mean; what the swarm agrees on need not be the average
  columns,  ///< the sum of all models is kept; push-sum finds the average from it
  both,     ///< mixing keeps the average of the models
};

/// What an algorithm needs of W. That the graph is connected is another question: see require_connected and
/// schedule_check.h.
struct Requirements {
  bool symmetric = true;  ///< W = W^T
  Stochastic sums = Stochastic::both;
  bool nonnegative = false;  ///< w_ij >= 0
  /// The smallest eigenvalue of a symmetric W must be above this, by 1e-9; -1 refuses W that never mixes.
  double lambda_n_above = -1;
  /// How much the peers count, as in WeightBlueprint; empty: all alike. Symmetry is then that of shares[i] w_ij, and
  /// what columns must sum to is the peer's share when the rows are weighted by theirs.
  std::vector<double> shares = {};
};

/// Who set the weights, and so where the remedy is.
enum class WeightOrigin { rule, schedule };

/// Throws base::OperatorError that names the worst row (by its peer's name), what it sums to, and the remedy. Sums are
/// compared with a tolerance of 1e-12 per entry. Checked: W is n by n and there are n names.
void validate(const MixingMatrix& W, const Requirements& needed, std::span<const std::string> names,
              WeightOrigin origin = WeightOrigin::rule);

/// Eigenvalues 1 = lambda_1 >= lambda_2 >= ... >= lambda_n of a symmetric W. A single peer has nothing to mix:
/// lambda_2 = 0, lambda_n = lambda_1 = 1, gap = 1, beta = 0.
struct Spectrum {
  double lambda_2 = 0, lambda_n = 0;
  double gap = 0;   ///< 1 - max(|lambda_2|, |lambda_n|)
  double beta = 0;  ///< |I - W|_2 = 1 - lambda_n
};
/// Dense up to some thousand peers, Lanczos (Spectra) beyond. Checked: W is square and symmetric and its rows sum to
/// one.
Spectrum spectrum(const MixingMatrix& W);

}  // namespace parley::topology
