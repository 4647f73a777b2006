#include "topology/contraction.h"

#include <Spectra/SymEigsSolver.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace parley::topology {
namespace {

constexpr std::size_t kLargestDense = 2000;      // beyond, the product of the rounds is not formed
constexpr std::size_t kLargestDobrushin = 1000;  // it compares all pairs of columns
constexpr Eigen::Index kSmallestLanczos = 40;    // below, all eigenvalues cost nothing
constexpr double kSumTolerance = 1e-9;

void center(Eigen::Ref<Eigen::VectorXd> x) {
  x.array() -= x.mean();
}

/// x -> D^T D x with D = (I - J) P, where P is either a matrix or the rounds one after the other.
class Squared {
 public:
  using Scalar = double;
  explicit Squared(const std::vector<MixingMatrix>& factors) : factors_(&factors), n_(factors.front().rows()) {}
  explicit Squared(const Eigen::MatrixXd& centered) : centered_(&centered), n_(centered.rows()) {}
  Eigen::Index rows() const { return n_; }
  Eigen::Index cols() const { return n_; }
  void perform_op(const double* x_in, double* y_out) const {
    const Eigen::Map<const Eigen::VectorXd> x(x_in, n_);
    Eigen::Map<Eigen::VectorXd> y(y_out, n_);
    if (centered_ != nullptr) {
      y.noalias() = centered_->transpose() * (*centered_ * x);
      return;
    }
    // Agreement is taken out before as well as after: P 1 = 1, so that it changes nothing but rounding.
    Eigen::VectorXd z = x;
    center(z);
    for (const MixingMatrix& W : *factors_) z = W * z;
    center(z);
    for (auto W = factors_->rbegin(); W != factors_->rend(); ++W) z = W->transpose() * z;
    center(z);
    y = z;
  }

 private:
  const std::vector<MixingMatrix>* factors_ = nullptr;  // one of the two
  const Eigen::MatrixXd* centered_ = nullptr;
  Eigen::Index n_;
};

/// The largest singular value, by Lanczos on the square.
double norm_of(Squared op) {
  constexpr double kTolerance = 1e-10;
  constexpr Eigen::Index kRestarts = 200;
  constexpr Eigen::Index kKrylov = 30;
  Spectra::SymEigsSolver<Squared> solver(op, 1, std::min(kKrylov, op.rows()));
  solver.init();
  if (solver.compute(Spectra::SortRule::LargestAlge, kRestarts, kTolerance) == 1)
    return std::sqrt(std::max(0.0, solver.eigenvalues()[0]));
  // Eigenvalues that lie close together are told apart slowly, but their size is known long before: power iteration.
  base::Random random({.seed = 1, .peer = {}, .round = {}, .stream = base::Stream::schedule});
  Eigen::VectorXd x = Eigen::VectorXd::NullaryExpr(op.rows(), [&] { return random.uniform_double() - 0.5; });
  Eigen::VectorXd y(op.rows());
  double value = 0;
  constexpr int kSteps = 1000;
  for (int step = 0; step < kSteps && x.norm() > 0; ++step) {
    x.normalize();
    op.perform_op(x.data(), y.data());
    value = x.dot(y);
    x.swap(y);
  }
  return std::sqrt(std::max(0.0, value));
}

double norm_of(const Eigen::MatrixXd& centered) {
  // Lanczos needs something to hold on to; what is nothing but rounding is bounded by its length.
  const double length = centered.norm();
  constexpr double kRounding = 1e-13;
  if (length < kRounding) return length;
  if (centered.rows() <= kSmallestLanczos) {
    const Eigen::MatrixXd scaled = centered / length;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(scaled.transpose() * scaled, Eigen::EigenvaluesOnly);
    return length * std::sqrt(std::max(0.0, solver.eigenvalues()[centered.rows() - 1]));
  }
  return norm_of(Squared(centered));
}

Eigen::MatrixXd centered(const Eigen::MatrixXd& P) {
  return P.rowwise() - P.colwise().mean();
}

bool rows_sum_to_one(const MixingMatrix& W) {
  const Eigen::VectorXd sums = W * Eigen::VectorXd::Ones(W.cols());
  return (sums.array() - 1).abs().maxCoeff() < kSumTolerance;
}
bool columns_sum_to_one(const MixingMatrix& W) {
  const Eigen::VectorXd sums = W.transpose() * Eigen::VectorXd::Ones(W.rows());
  return (sums.array() - 1).abs().maxCoeff() < kSumTolerance;
}

double dobrushin(const Eigen::MatrixXd& P) {
  double worst = 0;
  for (Eigen::Index j = 0; j < P.cols(); ++j) {
    for (Eigen::Index k = j + 1; k < P.cols(); ++k) worst = std::max(worst, (P.col(j) - P.col(k)).lpNorm<1>());
  }
  return worst / 2;
}

std::vector<MixingMatrix> factors(const Schedule& schedule, const WeightRule& rule, base::Round first,
                                  std::uint64_t rounds) {
  std::vector<MixingMatrix> all;
  for (std::uint64_t t = 0; t < rounds; ++t) all.push_back(mixing_matrix(schedule, {first.value + t}, rule));
  return all;
}

}  // namespace

Contraction contraction(const Schedule& schedule, const WeightRule& rule, base::Round first, std::uint64_t rounds) {
  PARLEY_CHECK(rounds >= 1);
  Contraction result{.rounds = rounds, .norm = {}, .dobrushin = {}};
  if (schedule.size() == 1) {
    result.norm = result.dobrushin = 0;
    return result;
  }
  const std::vector<MixingMatrix> all = factors(schedule, rule, first, rounds);
  const bool rows = std::all_of(all.begin(), all.end(), rows_sum_to_one);
  const bool columns = std::all_of(all.begin(), all.end(), columns_sum_to_one);
  if (schedule.size() > kLargestDense) {
    if (rows) result.norm = norm_of(Squared(all));
    return result;
  }
  Eigen::MatrixXd product = Eigen::MatrixXd::Identity(all.front().rows(), all.front().cols());
  for (const MixingMatrix& W : all) product = W * product;
  if (rows) result.norm = norm_of(centered(product));
  if (columns && schedule.size() <= kLargestDobrushin) result.dobrushin = dobrushin(product);
  return result;
}

double mean_square_rate(const Schedule& schedule, const WeightRule& rule, base::Round first, std::uint64_t rounds) {
  PARLEY_CHECK(rounds >= 1 && schedule.size() <= kLargestDense, rounds, schedule.size());
  const auto n = static_cast<Eigen::Index>(schedule.size());
  if (n == 1) return 0;
  Eigen::MatrixXd mean = Eigen::MatrixXd::Zero(n, n);
  for (std::uint64_t t = 0; t < rounds; ++t) {
    const MixingMatrix W = mixing_matrix(schedule, {first.value + t}, rule);
    // W^T (I - J) W = W^T W - n m m^T with m the means of the columns.
    const Eigen::VectorXd column_means = W.transpose() * Eigen::VectorXd::Constant(n, 1.0 / static_cast<double>(n));
    const MixingMatrix WtW = MixingMatrix(W.transpose()) * W;
    mean += WtW;
    mean.noalias() -= static_cast<double>(n) * column_means * column_means.transpose();
  }
  mean /= static_cast<double>(rounds);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(mean, Eigen::EigenvaluesOnly);
  PARLEY_CHECK(solver.info() == Eigen::Success, n);
  return std::max(0.0, solver.eigenvalues()[n - 1]);
}

double observed_rate(const Schedule& schedule, const WeightRule& rule, base::Round first, std::uint64_t rounds) {
  PARLEY_CHECK(rounds >= 1);
  base::Random random({.seed = first.value, .peer = {}, .round = {}, .stream = base::Stream::schedule});
  Eigen::VectorXd x = Eigen::VectorXd::NullaryExpr(static_cast<Eigen::Index>(schedule.size()),
                                                   [&] { return random.uniform_double() - 0.5; });
  center(x);
  constexpr double kAgreed = 1e-14;  // relative to a round before: nothing but rounding is left
  double log_shrunk = 0;
  for (std::uint64_t t = 0; t < rounds; ++t) {
    const double before = x.norm();
    if (before == 0) return 0;
    x /= before;
    x = mixing_matrix(schedule, {first.value + t}, rule) * x;
    center(x);
    if (x.norm() < kAgreed) return 0;
    log_shrunk += std::log(x.norm());
  }
  return std::exp(log_shrunk / static_cast<double>(rounds));
}

std::optional<std::uint64_t> rounds_to_a_thousandth(const Schedule& schedule, const WeightRule& rule,
                                                    std::uint64_t most) {
  constexpr double kWanted = 1e-3;
  const auto n = static_cast<Eigen::Index>(schedule.size());
  Eigen::MatrixXd D = centered(Eigen::MatrixXd::Identity(n, n));
  const double root = std::sqrt(static_cast<double>(std::max<Eigen::Index>(n - 1, 1)));
  for (std::uint64_t t = 1; t <= most; ++t) {
    D = mixing_matrix(schedule, {t - 1}, rule) * D;
    // The norm lies between length / sqrt(n - 1) and length: most rounds need not look at it.
    const double length = centered(D).norm();
    if (length / root > kWanted * (1 + kSumTolerance)) continue;
    if (length <= kWanted || norm_of(centered(D)) <= kWanted) return t;
  }
  return std::nullopt;
}

}  // namespace parley::topology
