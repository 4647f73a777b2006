// Schedules whose rounds multiply to the average of all peers, exactly.
#include <gtest/gtest.h>

#include <Eigen/SVD>
#include <algorithm>
#include <numeric>

#include "schedule_contract.h"
#include "topology/schedule.h"

namespace parley::topology {
namespace {

constexpr double kExact = 1e-12;

std::vector<Eigen::MatrixXd> factors(const Schedule& schedule) {
  std::vector<Eigen::MatrixXd> rounds;
  for (std::uint64_t t = 0; t < schedule.period(); ++t) rounds.push_back(naive_round_matrix(schedule, {t}));
  return rounds;
}

/// The largest entry of the product's difference from J = 1 1^T / n; the last factor acts last.
double distance_from_average(const std::vector<Eigen::MatrixXd>& rounds) {
  const Eigen::Index n = rounds.front().rows();
  Eigen::MatrixXd product = Eigen::MatrixXd::Identity(n, n);
  for (const Eigen::MatrixXd& W : rounds) product = W * product;
  return (product.array() - 1.0 / static_cast<double>(n)).abs().maxCoeff();
}

void expect_symmetric_and_doubly_stochastic(const Eigen::MatrixXd& W) {
  EXPECT_TRUE(W == W.transpose());
  EXPECT_GE(W.minCoeff(), -1e-15);
  for (Eigen::Index i = 0; i < W.rows(); ++i) EXPECT_NEAR(W.row(i).sum(), 1, kExact);
}

std::size_t largest_degree(const Schedule& schedule) {
  std::size_t degree = 0;
  for (std::uint64_t t = 0; t < schedule.period(); ++t) {
    for (const Neighbourhood& own : schedule.neighbourhoods({t})) degree = std::max(degree, own.out.size());
  }
  return degree;
}

TEST(OnePeerExponential, AveragesExactlyInAnyOrderOfItsHopsForPowersOfTwo) {
  for (const std::size_t n : {2u, 4u, 8u, 16u, 32u}) {
    const auto schedule = make_schedule("one-peer-exponential", "", n, 0);
    EXPECT_EQ(std::size_t{1} << schedule->period(), n);
    const std::vector<Eigen::MatrixXd> rounds = factors(*schedule);
    std::vector<std::size_t> order(rounds.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    do {
      std::vector<Eigen::MatrixXd> ordered;
      for (const std::size_t k : order) ordered.push_back(rounds[k]);
      EXPECT_EQ(distance_from_average(ordered), 0) << n;  // all entries are powers of two: nothing is rounded
    } while (std::next_permutation(order.begin(), order.end()));
    for (const Eigen::MatrixXd& W : rounds) {
      for (Eigen::Index i = 0; i < W.rows(); ++i) {
        EXPECT_EQ(W.row(i).sum(), 1);
        EXPECT_EQ(W.col(i).sum(), 1);
      }
    }
  }
}

TEST(OnePeerExponential, MissesTheAverageElsewhereByAsMuchAsIsKnown) {
  // The largest singular value of P - J after one period, found with another program.
  for (const auto& [n, norm] : {std::pair(6u, 0.217), {12u, 0.209}}) {
    const std::vector<Eigen::MatrixXd> rounds = factors(*make_schedule("one-peer-exponential", "", n, 0));
    Eigen::MatrixXd product = Eigen::MatrixXd::Identity(n, n);
    for (const Eigen::MatrixXd& W : rounds) product = W * product;
    const Eigen::MatrixXd deviation = product - Eigen::MatrixXd::Constant(n, n, 1.0 / n);
    EXPECT_NEAR(deviation.jacobiSvd().singularValues()[0], norm, 5e-4) << n;
  }
}

TEST(OnePeerHypercube, AveragesExactlyForPowersOfTwo) {
  for (const std::size_t n : {2u, 4u, 8u, 16u, 32u, 64u}) {
    const std::vector<Eigen::MatrixXd> rounds = factors(*make_schedule("one-peer-hypercube", "", n, 0));
    for (const Eigen::MatrixXd& W : rounds) expect_symmetric_and_doubly_stochastic(W);
    EXPECT_EQ(distance_from_average(rounds), 0) << n;
  }
}

bool has_only_small_factors(std::size_t n, std::size_t most) {
  for (std::size_t prime = 2; prime <= most; ++prime) {
    while (n % prime == 0) n /= prime;
  }
  return n == 1;
}

TEST(HyperHypercube, AveragesExactlyWithAsFewRoundsAsThereCanBe) {
  for (std::size_t k = 1; k <= 6; ++k) {
    for (std::size_t n = 2; n <= 60; ++n) {
      if (!has_only_small_factors(n, k + 1)) continue;
      const auto schedule = make_schedule(fmt::format("hyper-hypercube(k={})", k), "", n, 0);
      const std::vector<Eigen::MatrixXd> rounds = factors(*schedule);
      for (const Eigen::MatrixXd& W : rounds) expect_symmetric_and_doubly_stochastic(W);
      EXPECT_LT(distance_from_average(rounds), kExact) << n;
      EXPECT_LE(largest_degree(*schedule), k);
      // The fewest factors up to k + 1 that multiply to n, by trying all first factors.
      std::vector<std::size_t> fewest(n + 1, n);
      fewest[1] = 0;
      for (std::size_t m = 2; m <= n; ++m) {
        for (std::size_t factor = 2; factor <= k + 1; ++factor) {
          if (m % factor == 0) fewest[m] = std::min(fewest[m], 1 + fewest[m / factor]);
        }
      }
      EXPECT_EQ(schedule->period(), fewest[n]) << n << " with k = " << k;
    }
  }
}

TEST(BaseGraph, AveragesExactlyOnAnyNumberOfPeers) {
  for (std::size_t k = 1; k <= 4; ++k) {
    for (std::size_t n = 2; n <= 40; ++n) {
      SCOPED_TRACE(fmt::format("n = {}, k = {}", n, k));
      const auto schedule = make_schedule(fmt::format("base(k={})", k), "", n, 0);
      const std::vector<Eigen::MatrixXd> rounds = factors(*schedule);
      for (const Eigen::MatrixXd& W : rounds) expect_symmetric_and_doubly_stochastic(W);
      EXPECT_LT(distance_from_average(rounds), kExact);
      EXPECT_LE(largest_degree(*schedule), k);
      const double logarithm = std::log(static_cast<double>(n)) / std::log(static_cast<double>(k + 1));
      EXPECT_LE(static_cast<double>(schedule->period()), 2 * logarithm + 2 + 1e-9);
    }
  }
}

TEST(BaseGraph, AveragesExactlyFromWhicheverRoundItIsEntered) {
  // Two periods from any round on contain a whole one, and what comes before it or after it leaves J as it is.
  for (const std::size_t n : {5u, 6u, 7u, 23u}) {
    std::vector<Eigen::MatrixXd> rounds = factors(*make_schedule("base", "", n, 0));
    const std::vector<Eigen::MatrixXd> again = rounds;
    rounds.insert(rounds.end(), again.begin(), again.end());
    for (std::size_t first = 0; first < again.size(); ++first) {
      EXPECT_LT(distance_from_average({rounds.begin() + static_cast<std::ptrdiff_t>(first), rounds.end()}), kExact)
          << n;
    }
  }
}

TEST(BaseGraph, TakesAsManyRoundsAsIsKnown) {
  for (const auto& [n, rounds] : {std::pair(5u, 5u), {6u, 4u}, {7u, 5u}, {12u, 5u}, {25u, 9u}})
    EXPECT_EQ(make_schedule("base", "", n, 0)->period(), rounds) << n;
}

}  // namespace
}  // namespace parley::topology
