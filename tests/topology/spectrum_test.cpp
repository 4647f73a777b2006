// Eigenvalues against closed forms, which follow from the symmetry of each graph and not from its matrix.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "topology/laplacian.h"
#include "topology/summary.h"

namespace parley::topology {
namespace {

constexpr double kPi = std::numbers::pi;
/// A symmetric solver is backward stable: its error is a small multiple of n * 2^-53 * |W|, and |W| = 1.
constexpr double kTolerance = 1e-11;

double number(std::size_t value) {
  return static_cast<double>(value);
}

MixingMatrix matrix(std::string_view spec, std::size_t n, std::string_view weights = "metropolis") {
  const Graph graph = make_graph(spec, n, 1);
  return mixing_matrix(graph, *make_weight_rule(weights, graph));
}

/// Compares with eigenvalues in any order, among which is the 1 of the constant vector.
void expect_spectrum(std::string_view spec, std::size_t n, std::vector<double> eigenvalues) {
  std::sort(eigenvalues.begin(), eigenvalues.end());
  ASSERT_EQ(eigenvalues.size(), n);
  ASSERT_NEAR(eigenvalues.back(), 1, kTolerance);
  const double lambda_2 = eigenvalues[n - 2];
  const double lambda_n = eigenvalues[0];
  const Spectrum found = spectrum(matrix(spec, n));
  EXPECT_NEAR(found.lambda_2, lambda_2, kTolerance) << spec << " on " << n;
  EXPECT_NEAR(found.lambda_n, lambda_n, kTolerance) << spec << " on " << n;
  EXPECT_NEAR(found.gap, 1 - std::max(std::abs(lambda_2), std::abs(lambda_n)), kTolerance) << spec << " on " << n;
  EXPECT_NEAR(found.beta, 1 - lambda_n, kTolerance) << spec << " on " << n;
}

/// Of the circulant graph in which i is joined to i + s for all s in `hops`, with every weight 1 / (1 + degree).
std::vector<double> circulant_eigenvalues(std::size_t n, const std::vector<std::size_t>& hops) {
  std::vector<bool> joined(n);
  for (const std::size_t hop : hops) joined[hop % n] = joined[(n - hop % n) % n] = true;
  joined[0] = true;
  const double places = number(static_cast<std::size_t>(std::count(joined.begin(), joined.end(), true)));
  std::vector<double> values;
  for (std::size_t k = 0; k < n; ++k) {
    double sum = 0;
    for (std::size_t s = 0; s < n; ++s) sum += joined[s] ? std::cos(2 * kPi * number(k * s % n) / number(n)) : 0;
    values.push_back(sum / places);
  }
  return values;
}

TEST(Ring, SpectrumMatchesClosedForm) {
  for (const std::size_t n : {3u, 4u, 5u, 7u, 8u, 9u, 16u, 25u, 36u, 64u, 101u, 256u}) {
    std::vector<double> values;
    for (std::size_t k = 0; k < n; ++k) values.push_back(1.0 / 3 + 2.0 / 3 * std::cos(2 * kPi * number(k) / number(n)));
    expect_spectrum("ring", n, values);
    const double gap = n == 3 ? 1 : 2.0 / 3 * (1 - std::cos(2 * kPi / number(n)));
    EXPECT_NEAR(spectrum(matrix("ring", n)).gap, gap, kTolerance) << n;
  }
}

TEST(Ring, GapsAreThoseThatPapersReport) {
  // Koloskova et al. (2020) print 0.67, 0.05 and 0.01 for 4, 16 and 36 peers; here the same with six digits.
  const std::vector<std::pair<std::size_t, double>> published = {{4, 0.666667},  {8, 0.195262},  {16, 0.050747},
                                                                 {25, 0.020945}, {36, 0.010128}, {64, 0.003210}};
  for (const auto& [n, gap] : published) EXPECT_NEAR(spectrum(matrix("ring", n)).gap, gap, 5.1e-7) << n;
  EXPECT_NEAR(spectrum(matrix("ring", 8)).beta, 4.0 / 3, kTolerance);
}

TEST(Ring, OfTwoPeersHasOneEdgeAndMixesInOneRound) {
  const MixingMatrix W = matrix("ring", 2);
  EXPECT_EQ(W.coeff(0, 0), 0.5);
  EXPECT_EQ(W.coeff(0, 1), 0.5);
  EXPECT_NEAR(spectrum(W).gap, 1, kTolerance);
}

TEST(Path, SpectrumMatchesClosedForm) {
  for (const std::size_t n : {3u, 4u, 5u, 8u, 9u, 16u, 33u, 128u}) {
    std::vector<double> values;
    for (std::size_t k = 0; k < n; ++k) values.push_back(1 - 2.0 / 3 * (1 - std::cos(kPi * number(k) / number(n))));
    expect_spectrum("path", n, values);
  }
  EXPECT_NEAR(spectrum(matrix("path", 8)).gap, spectrum(matrix("ring", 16)).gap, kTolerance);
}

TEST(Star, SpectrumMatchesClosedForm) {
  for (const std::size_t n : {3u, 4u, 5u, 8u, 17u, 64u, 200u}) {
    std::vector<double> values(n, 1 - 1 / number(n));  // vectors over the leaves that sum to zero
    values[0] = 1;
    values[1] = 0;  // the hub against all leaves
    expect_spectrum("star", n, values);
  }
}

TEST(Complete, SpectrumMatchesClosedForm) {
  for (const std::size_t n : {2u, 3u, 5u, 8u, 32u, 150u}) {
    std::vector<double> values(n, 0.0);
    values[0] = 1;
    expect_spectrum("complete", n, values);
  }
}

TEST(Torus, SpectrumMatchesClosedForm) {
  const std::vector<std::pair<std::size_t, std::size_t>> sizes = {{3, 3}, {4, 4}, {6, 6}, {8, 8},  {3, 5}, {4, 7},
                                                                  {2, 2}, {2, 4}, {4, 2}, {2, 5},  {1, 6}, {6, 1},
                                                                  {1, 2}, {2, 1}, {9, 4}, {12, 10}};
  for (const auto& [rows, cols] : sizes) {
    // A side of two has one edge where longer ones have two, and a side of one has none.
    const auto ends = [](std::size_t side) { return number(std::min<std::size_t>(side - 1, 2)); };
    const double degree = ends(rows) + ends(cols);
    std::vector<double> values;
    for (std::size_t a = 0; a < rows; ++a) {
      for (std::size_t b = 0; b < cols; ++b) {
        values.push_back((1 + ends(rows) * std::cos(2 * kPi * number(a) / number(rows)) +
                          ends(cols) * std::cos(2 * kPi * number(b) / number(cols))) /
                         (1 + degree));
      }
    }
    expect_spectrum(fmt::format("torus(rows={}, cols={})", rows, cols), rows * cols, values);
  }
}

TEST(Torus, GapsAreThoseThatPapersReport) {
  EXPECT_NEAR(spectrum(matrix("torus(4, 4)", 16)).gap, 0.4, kTolerance);
  EXPECT_NEAR(spectrum(matrix("torus(6, 6)", 36)).gap, 0.2, kTolerance);
  EXPECT_NEAR(spectrum(matrix("torus(8, 8)", 64)).gap, 0.1172, 5.1e-5);
  EXPECT_NEAR(spectrum(matrix("torus(2, 2)", 4)).gap, 2.0 / 3, kTolerance);
  EXPECT_NEAR(spectrum(matrix("torus(2, 4)", 8)).gap, 0.5, kTolerance);
}

TEST(Hypercube, SpectrumMatchesClosedForm) {
  for (std::size_t m = 1; m <= 8; ++m) {
    std::vector<double> values;
    for (std::size_t corner = 0; corner < std::size_t{1} << m; ++corner) {
      const double ones = number(static_cast<std::size_t>(__builtin_popcountll(corner)));
      values.push_back((1 + number(m) - 2 * ones) / (1 + number(m)));
    }
    expect_spectrum("hypercube", std::size_t{1} << m, values);
    EXPECT_NEAR(spectrum(matrix("hypercube", std::size_t{1} << m)).gap, 2 / number(m + 1), kTolerance) << m;
  }
}

TEST(Exponential, SpectrumMatchesClosedForm) {
  for (const std::size_t n : {2u, 3u, 4u, 5u, 6u, 8u, 9u, 12u, 16u, 31u, 32u, 33u, 64u, 100u, 128u, 243u}) {
    std::vector<std::size_t> hops;
    for (std::size_t hop = 1; hop < n; hop *= 2) hops.push_back(hop);
    expect_spectrum("exponential", n, circulant_eigenvalues(n, hops));
  }
}

TEST(Exponential, GapOnPowersOfTwoIsTwoOverTheLogarithm) {
  for (std::size_t m = 2; m <= 9; ++m)
    EXPECT_NEAR(spectrum(matrix("exponential", std::size_t{1} << m)).gap, 2 / number(m), kTolerance) << m;
}

TEST(CompleteBipartite, SpectrumMatchesClosedForm) {
  for (const auto& [p, q] :
       std::vector<std::pair<std::size_t, std::size_t>>{{1, 1}, {1, 6}, {2, 3}, {4, 4}, {7, 2}, {16, 9}}) {
    const double w = 1 / (1 + number(std::max(p, q)));
    std::vector<double> values = {1, 1 - w * number(p + q)};  // one side against the other
    values.insert(values.end(), p - 1, 1 - w * number(q));    // vectors over one side that sum to zero
    values.insert(values.end(), q - 1, 1 - w * number(p));
    expect_spectrum(fmt::format("complete-bipartite({})", p), p + q, values);
  }
}

TEST(HyperHypercube, SpectrumMatchesClosedForm) {
  // The product of complete graphs: a digit that a vector varies with takes its radix off the sum over neighbours.
  const std::vector<std::pair<std::size_t, std::vector<std::size_t>>> cases = {
      {1, {2, 2, 2}}, {2, {3, 2}}, {2, {3, 3, 3}}, {3, {4, 3, 2}},
      {4, {5, 5}},    {5, {6, 2}}, {9, {10}},      {4, {5, 4, 3, 2}}};
  for (const auto& [k, radices] : cases) {
    std::size_t n = 1;
    double degree = 0;
    for (const std::size_t radix : radices) {
      n *= radix;
      degree += number(radix - 1);
    }
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i) {
      std::size_t rest = i;
      double value = 1;
      for (const std::size_t radix : radices) {
        if (rest % radix != 0) value -= number(radix) / (1 + degree);
        rest /= radix;
      }
      values.push_back(value);
    }
    expect_spectrum(fmt::format("hyper-hypercube({})", k), n, values);
  }
}

TEST(WattsStrogatz, SpectrumOfTheLatticeMatchesClosedForm) {
  for (const std::size_t n : {5u, 8u, 17u, 40u})
    expect_spectrum("watts-strogatz(degree=4, p=0)", n, circulant_eigenvalues(n, {1, 2}));
  expect_spectrum("watts-strogatz(degree=10, p=0)", 31, circulant_eigenvalues(31, {1, 2, 3, 4, 5}));
}

TEST(UEquiStatic, SpectrumMatchesClosedForm) {
  for (const std::size_t n : {7u, 16u, 31u, 64u}) {
    std::vector<std::size_t> hops;
    for (const base::PeerId j : neighbourhood(make_graph("u-equistatic(3)", n, 1), {0}).out) hops.push_back(j.value);
    expect_spectrum("u-equistatic(3)", n, circulant_eigenvalues(n, hops));
  }
}

TEST(Tree, IsAPathAndAStarAtItsEnds) {
  for (const std::size_t n : {4u, 9u, 30u}) {
    const Spectrum path = spectrum(matrix("tree(children=1)", n));
    EXPECT_NEAR(path.gap, 2.0 / 3 * (1 - std::cos(kPi / number(n))), kTolerance);
    EXPECT_NEAR(spectrum(matrix("tree(children=64)", n)).gap, 1 / number(n), kTolerance);
  }
}

TEST(Grid, GapsAreThoseThatWereComputedElsewhere) {
  // With Metropolis weights there is no closed form: lambda_2 by another program, to four digits.
  EXPECT_NEAR(spectrum(matrix("grid(3, 3)", 9)).lambda_2, 0.7674, 5.1e-5);
  EXPECT_NEAR(spectrum(matrix("grid(4, 4)", 16)).lambda_2, 0.8686, 5.1e-5);
  EXPECT_NEAR(spectrum(matrix("grid(6, 6)", 36)).lambda_2, 0.9421, 5.1e-5);
  EXPECT_NEAR(spectrum(matrix("grid(3, 3)", 9)).gap, 0.2326, 5.1e-5);
  EXPECT_NEAR(spectrum(matrix("grid(6, 6)", 36)).gap, 0.0579, 5.1e-5);
}

TEST(Grid, SpectrumUnderMaxDegreeMatchesClosedForm) {
  // W = I - L / 5, and the Laplacian of a grid is the sum of those of two paths.
  for (const auto& [rows, cols] : std::vector<std::pair<std::size_t, std::size_t>>{{3, 3}, {4, 4}, {3, 7}, {6, 6}}) {
    const Spectrum found = spectrum(matrix(fmt::format("grid({}, {})", rows, cols), rows * cols, "max-degree"));
    const auto path = [](std::size_t k, std::size_t side) { return 2 - 2 * std::cos(kPi * number(k) / number(side)); };
    EXPECT_NEAR(found.lambda_2, 1 - path(1, std::max(rows, cols)) / 5, kTolerance);
    EXPECT_NEAR(found.lambda_n, 1 - (path(rows - 1, rows) + path(cols - 1, cols)) / 5, kTolerance);
  }
}

struct Ends {
  double connectivity, largest;
};
void expect_laplacian(std::string_view spec, std::size_t n, const Ends& ends) {
  const LaplacianEnds found = laplacian_ends(make_graph(spec, n, 1));
  EXPECT_NEAR(found.connectivity, ends.connectivity, 1e-6 * ends.connectivity) << spec << " on " << n;
  EXPECT_NEAR(found.largest, ends.largest, 1e-9 * ends.largest) << spec << " on " << n;
}

TEST(Laplacian, EndsMatchClosedForms) {
  const auto squared_sine = [](double angle) { return 4 * std::sin(angle) * std::sin(angle); };
  for (const std::size_t n : {3u, 4u, 8u, 25u, 64u, 2001u}) {
    expect_laplacian("ring", n, {squared_sine(kPi / number(n)), squared_sine(kPi * number(n / 2) / number(n))});
    expect_laplacian("path", n, {squared_sine(kPi / (2 * number(n))), squared_sine(kPi / 2 - kPi / (2 * number(n)))});
    expect_laplacian("star", n, {1, number(n)});
  }
  for (const std::size_t n : {2u, 5u, 40u}) expect_laplacian("complete", n, {number(n), number(n)});
  for (std::size_t m = 1; m <= 8; ++m) expect_laplacian("hypercube", std::size_t{1} << m, {2, 2 * number(m)});
  expect_laplacian("complete-bipartite(3)", 10, {3, 10});
  expect_laplacian("grid(5, 8)", 40,
                   {squared_sine(kPi / 16), squared_sine(kPi / 2 - kPi / 10) + squared_sine(kPi / 2 - kPi / 16)});
  expect_laplacian("torus(6, 9)", 54, {squared_sine(kPi / 9), 4 + squared_sine(4 * kPi / 9)});
  expect_laplacian("ring", 1, {0, 0});
  EXPECT_NEAR(laplacian_ends(Graph(7)).connectivity, 0, 1e-12);
  Graph two_parts = make_graph("ring", 5, 1);
  add_vertex(two_parts);
  EXPECT_NEAR(laplacian_ends(two_parts).connectivity, 0, 1e-12);
}

TEST(Laplacian, BestConstantsAreThoseThatWereComputedElsewhere) {
  const auto ends = [](std::string_view spec, std::size_t n) { return laplacian_ends(make_graph(spec, n, 1)); };
  EXPECT_NEAR(ends("ring", 8).best_constant(), 0.436130, 5.1e-7);
  EXPECT_NEAR(ends("ring", 8).best_constant_rate(), 0.744521, 5.1e-7);
  EXPECT_NEAR(ends("path", 8).best_constant(), 0.5, 5.1e-7);
  EXPECT_NEAR(ends("path", 8).best_constant_rate(), 0.923880, 5.1e-7);
  EXPECT_NEAR(ends("grid(3, 3)", 9).best_constant(), 0.285714, 5.1e-7);
  EXPECT_NEAR(ends("grid(3, 3)", 9).best_constant_rate(), 0.714286, 5.1e-7);
  for (const std::size_t n : {3u, 8u, 20u}) {
    EXPECT_NEAR(ends("star", n).best_constant(), 2 / number(n + 1), 1e-9);
    EXPECT_NEAR(ends("star", n).best_constant_rate(), number(n - 1) / number(n + 1), 1e-9);
  }
}

TEST(Spectrum, OfVeryLongGraphsMatchesClosedFormToAMillionthOfTheGap) {
  // The second eigenvalue agrees with the first in nine digits; the gap is what is left.
  constexpr std::size_t kPeers = 100'000;
  const auto n = number(kPeers);
  const auto squared_sine = [](double angle) { return std::sin(angle) * std::sin(angle); };
  const double ring = 4.0 / 3 * squared_sine(kPi / n);
  EXPECT_NEAR(spectrum(matrix("ring", kPeers)).gap, ring, 1e-6 * ring);
  EXPECT_NEAR(spectrum(matrix("ring", kPeers)).lambda_n, -1.0 / 3, 1e-9);
  const double path = 4.0 / 3 * squared_sine(kPi / (2 * n));
  EXPECT_NEAR(spectrum(matrix("path", kPeers)).gap, path, 1e-6 * path);
  const double torus = 0.8 * squared_sine(kPi / 5000);
  EXPECT_NEAR(spectrum(matrix("torus(20, 5000)", kPeers)).gap, torus, 1e-6 * torus);
}

TEST(Spectrum, OfLargeGraphsMatchesClosedForm) {
  // Beyond the dense solver's range. Rings and paths are the hard cases: their eigenvalues crowd at both ends.
  const auto n = number(4001);
  const Spectrum ring = spectrum(matrix("ring", 4001));
  EXPECT_NEAR(ring.lambda_2, 1.0 / 3 + 2.0 / 3 * std::cos(2 * kPi / n), kTolerance);
  EXPECT_NEAR(ring.lambda_n, 1.0 / 3 + 2.0 / 3 * std::cos(kPi * (n - 1) / n), kTolerance);
  const Spectrum path = spectrum(matrix("path", 4001));
  EXPECT_NEAR(path.lambda_2, 1 - 2.0 / 3 * (1 - std::cos(kPi / n)), kTolerance);
  EXPECT_NEAR(path.lambda_n, 1 - 2.0 / 3 * (1 + std::cos(kPi / n)), kTolerance);
  const Spectrum torus = spectrum(matrix("torus(40, 50)", 2000));
  EXPECT_NEAR(torus.lambda_2, 1 - 0.4 * (1 - std::cos(2 * kPi / 50)), kTolerance);
  EXPECT_NEAR(torus.lambda_n, -0.6, kTolerance);
  const Spectrum cube = spectrum(matrix("hypercube", 2048));
  EXPECT_NEAR(cube.lambda_2, 10.0 / 12, kTolerance);
  EXPECT_NEAR(cube.lambda_n, -10.0 / 12, kTolerance);
  const Spectrum star = spectrum(matrix("star", 2500));
  EXPECT_NEAR(star.lambda_2, 1 - 1.0 / 2500, kTolerance);
  EXPECT_NEAR(star.lambda_n, 0, kTolerance);
}

TEST(Spectrum, OfLargeDisconnectedGraphsHasNoGap) {
  MixingMatrix W(1800, 1800);
  W.setIdentity();
  const Spectrum isolated = spectrum(W);
  EXPECT_NEAR(isolated.lambda_2, 1, kTolerance);
  EXPECT_NEAR(isolated.lambda_n, 1, kTolerance);
  EXPECT_NEAR(isolated.gap, 0, kTolerance);
}

TEST(Spectrum, OfOnePeerHasNothingToMix) {
  for (const char* spec : {"ring", "path", "star", "complete", "torus(1, 1)", "hypercube", "exponential"}) {
    const Spectrum alone = spectrum(matrix(spec, 1));
    EXPECT_EQ(alone.gap, 1) << spec;
    EXPECT_EQ(alone.beta, 0) << spec;
  }
}

}  // namespace
}  // namespace parley::topology
