// The mixing matrix W of a graph under a weight rule, what an algorithm needs of it, and its spectrum.
#pragma once

#include <Eigen/SparseCore>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/spec.h"
#include "topology/graph.h"

namespace parley::topology {

/// How w_ij follows from the graph.
class WeightRule {
 public:
  virtual ~WeightRule() = default;
  virtual const std::string& spec() const = 0;
  /// w_ij, the weight that the receiver i gives what the sender j sent.
  virtual double weight(const Arc& arc) const = 0;
};

/// One weight rule. Adding one: its file, its row, its tests.
struct WeightRow {
  std::string_view name;
  std::string_view summary;
  std::span<const base::Parameter> parameters;
  /// The graph is for rules that need something global, such as its largest degree.
  std::unique_ptr<WeightRule> (*make)(const base::Arguments& arguments, const Graph& graph);
};

/// All rules: metropolis 1/(1+max(d_i,d_j)), max-degree 1/(1+d_max), uniform 1/(1+d_i).
std::span<const WeightRow> weight_registry();

/// Throws base::OperatorError for a spec that names no rule.
std::unique_ptr<WeightRule> make_weight_rule(std::string_view spec, const Graph& graph);

/// W, n by n: w_ij from the rule for every edge, w_ii = 1 - sum_j w_ij.
using MixingMatrix = Eigen::SparseMatrix<double, Eigen::RowMajor>;
MixingMatrix mixing_matrix(const Graph& graph, const WeightRule& rule);

/// w_ij = w_ji for all i and j, to 1e-12.
bool is_symmetric(const MixingMatrix& W);

/// What an algorithm needs of W. Rows must sum to one for all of them. That the graph is connected is another question:
/// see require_connected.
struct Requirements {
  bool symmetric = true;          ///< W = W^T
  bool doubly_stochastic = true;  ///< columns sum to one as well, so that mixing keeps the average
  bool nonnegative = false;       ///< w_ij >= 0
  /// The smallest eigenvalue of a symmetric W must be above this, by 1e-9; -1 refuses W that never mixes.
  double lambda_n_above = -1;
};

/// Throws base::OperatorError that names the worst row (by its peer's name), what it sums to, and the remedy. Sums are
/// compared with a tolerance of 1e-12 per entry. Checked: W is n by n and there are n names.
void validate(const MixingMatrix& W, const Requirements& needed, std::span<const std::string> names);

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
