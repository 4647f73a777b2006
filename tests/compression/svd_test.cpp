// Matrices as random sums of singular vectors: the decomposition, and what is sent of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "atoms_reference.h"
#include "compression/coding/eigen.h"
#include "harness.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

TEST(Diagonalise, FindsTheEigenvaluesOfATridiagonalMatrix) {
  // 2 on the diagonal and -1 beside it: 2 - 2 cos(pi k / (n + 1)).
  for (const std::size_t n : {1u, 2u, 5u, 40u}) {
    std::vector<double> matrix(n * n), vectors;
    for (std::size_t i = 0; i < n; ++i) {
      matrix[i * n + i] = 2;
      if (i + 1 < n) matrix[i * n + i + 1] = matrix[(i + 1) * n + i] = -1;
    }
    diagonalise(matrix, n, vectors);
    std::vector<double> found;
    for (std::size_t i = 0; i < n; ++i) found.push_back(matrix[i * n + i]);
    std::sort(found.begin(), found.end());
    for (std::size_t k = 0; k < n; ++k)
      EXPECT_NEAR(found[k], 2 - 2 * std::cos(M_PI * static_cast<double>(k + 1) / static_cast<double>(n + 1)), 1e-12);
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b < n; ++b) {
        double product = 0;
        for (std::size_t i = 0; i < n; ++i) product += vectors[a * n + i] * vectors[b * n + i];
        EXPECT_NEAR(product, a == b ? 1 : 0, 1e-13 * static_cast<double>(n));
      }
  }
}

/// Rank-one matrices with these weights, orthogonal to each other: cosines along rows and columns.
Floats sum_of_atoms(std::size_t m, std::size_t n, const std::vector<double>& weights) {
  Floats x(m * n);
  const auto wave = [](std::size_t length, std::size_t k, std::size_t i) {
    const double norm = std::sqrt((k == 0 ? 1.0 : 2.0) / static_cast<double>(length));
    return norm * std::cos(M_PI * static_cast<double>((2 * i + 1) * k) / static_cast<double>(2 * length));
  };
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < weights.size(); ++k) sum += weights[k] * wave(m, k, i) * wave(n, k, j);
      x[i * n + j] = static_cast<float>(sum);
    }
  return x;
}

base::ParameterLayout matrix(std::size_t m, std::size_t n) {
  base::ParameterLayout layout;
  layout.add("weight", {m, n});
  return layout;
}

Floats sent(const Compressor& compressor, const Floats& x, const base::RandomKey& key) {
  const auto state = compressor.make_state();
  Bytes bytes(compressor.max_payload_size(x.size()));
  const auto out = std::as_writable_bytes(std::span(bytes));
  const auto size = compressor.encode(x, key, *state, out);
  EXPECT_TRUE(size.ok());
  Floats y(x.size());
  EXPECT_TRUE(compressor.decode_add(out.first(*size), key, 1.0f, *state, y).ok());
  return y;
}

TEST(AtomoSvd, IsExactWhereTheRankIsWithinTheBudget) {
  for (const auto& [m, n] : {std::pair<std::size_t, std::size_t>{20, 50}, {50, 20}}) {
    // The rank is three; roundings of the matrix are further atoms of 1e-7, which are drawn now and then.
    const Floats x = sum_of_atoms(m, n, {9, 4, 1});
    const auto compressor = make_compressor("atomo(basis=svd, budget=4)", matrix(m, n));
    EXPECT_LE(squared_distance(sent(*compressor, x, kKey), x), 1e-8 * squared_norm(x));
  }
}

TEST(AtomoSvd, HasTheErrorOfThePapersProbabilitiesForKnownSingularValues) {
  // Sizes 8, 4, 2, 1, 1 and two atoms: 8 is certain (2 * 8 > 16 just fails: 16 <= 16, so all are in proportion s |c| /
  // 16): p = 1, 1/2, 1/4, 1/8, 1/8, and E|estimate|^2 = 16^2 / 2 = 128 of 86. Errors deviate by less than 128; means of
  // 3000 by 2.4, eight of which are 19.
  const Floats x = sum_of_atoms(24, 30, {8, 4, 2, 1, 1});
  const auto unbiased = make_compressor("atomo(basis=svd, budget=2, scaling=unbiased)", matrix(24, 30));
  const auto contractive = make_compressor("atomo(basis=svd, budget=2)", matrix(24, 30));
  double error = 0, shrunk = 0;
  std::vector<double> mean(x.size());
  for (std::uint64_t run = 0; run < 3000; ++run) {
    const Floats c = sent(*unbiased, x, key_of(run));
    error += squared_distance(c, x) / 3000;
    for (std::size_t i = 0; i < x.size(); ++i) mean[i] += static_cast<double>(c[i]) / 3000;
    if (run < 500) shrunk += squared_distance(sent(*contractive, x, key_of(run)), x) / 500;
  }
  EXPECT_NEAR(error, 128 - 86, 19);
  EXPECT_NEAR(shrunk, 86 * (1 - 86.0 / 128), 19);
  double bias = 0;
  for (std::size_t i = 0; i < x.size(); ++i) bias += std::pow(mean[i] - static_cast<double>(x[i]), 2);
  EXPECT_LE(bias, 10 * 42.0 / 3000);  // the energy of the mean's deviation is a 3000th of one
}

TEST(AtomoSvd, SendsNoMoreAtomsThanItsBudgetRoundedUp) {
  const Floats x = inputs(900)[0].x;
  for (const double budget : {1.0, 1.5, 3.0}) {
    const auto compressor = make_compressor(fmt::format("atomo(basis=svd, budget={})", budget), matrix(30, 30));
    EXPECT_EQ(compressor->max_payload_size(900), 3 + 4 * 60 * static_cast<std::size_t>(std::ceil(budget)));
    for (std::uint64_t run = 0; run < 50; ++run) sent(*compressor, x, key_of(run));
  }
}

TEST(AtomoSvd, CutsMatricesWithManyRowsAndColumnsIntoPanels) {
  // 300 x 280: panels of 256 and 44 rows, with at most two atoms each.
  const auto compressor = make_compressor("atomo(basis=svd, budget=2)", matrix(300, 280));
  EXPECT_EQ(compressor->max_payload_size(84000), 2 * 3 + 4 * 2 * (256 + 280 + 44 + 280));
  const Floats x = sum_of_atoms(300, 280, {5});
  EXPECT_LE(squared_distance(sent(*compressor, x, kKey), x), 1e-8 * squared_norm(x));
}

TEST(AtomoSvd, TakesABudgetAndNoRatio) {
  EXPECT_THROW(make_compressor("atomo(basis=svd, ratio=0.1)", base::ParameterLayout()), base::OperatorError);
  EXPECT_EQ(make_compressor("atomo(basis=svd)", base::ParameterLayout())->spec(),
            "atomo(basis=svd, budget=3, scaling=contractive)");
}

}  // namespace
}  // namespace parley::compression::test
