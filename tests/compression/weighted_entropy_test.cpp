// Clusters of the largest weighted entropy.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "compression/coding/entropy_clusters.h"
#include "feedback_link.h"

namespace parley::compression::test {
namespace {

using Bin = FloatBins::Bin;

/// Ascending magnitudes of various counts.
std::vector<Bin> drawn(std::size_t n, std::uint64_t seed) {
  base::Random random(key_of(seed));
  std::vector<Bin> bins;
  double magnitude = 0;
  for (std::size_t i = 0; i < n; ++i) {
    magnitude += random.uniform_double();
    const double count = 1 + random.below(20);
    bins.push_back({0, count, count * magnitude});
  }
  return bins;
}

/// -sum I_n P_n log2 P_n, as the paper has it.
double entropy(const std::vector<Bin>& bins, std::span<const std::uint32_t> boundaries) {
  double all = 0, sum = 0;
  for (const Bin& bin : bins) all += bin.count;
  for (std::size_t n = 0; n + 1 < boundaries.size(); ++n) {
    double count = 0, importance = 0;
    for (std::size_t i = boundaries[n]; i < boundaries[n + 1]; ++i) {
      count += bins[i].count;
      importance += bins[i].count * std::pow(bins[i].mean(), 2);
    }
    if (count > 0) sum -= importance / count * (count / all) * std::log2(count / all);
  }
  return sum;
}

TEST(EntropyClusters, OfOneClusterHaveNone) {
  const std::vector<Bin> bins = drawn(50, 1);
  EntropyClusters clusters(1);
  clusters.find(bins, 1, 10);
  EXPECT_EQ(clusters.boundaries().front(), 0u);
  EXPECT_EQ(clusters.boundaries().back(), 50u);
  EXPECT_EQ(entropy(bins, clusters.boundaries()), 0);
}

TEST(EntropyClusters, NeverHaveLessAfterASweep) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u}) {
    const std::vector<Bin> bins = drawn(200, seed);
    EntropyClusters clusters(8);
    double last = 0;
    for (std::size_t sweeps = 0; sweeps < 12; ++sweeps) {
      clusters.find(bins, 8, sweeps);
      const double now = entropy(bins, clusters.boundaries());
      EXPECT_GE(now, last * (1 - 1e-9)) << sweeps;  // logarithms are rounded to 2^-32
      last = now;
    }
  }
}

TEST(EntropyClusters, EndWhereNoBoundaryCanMove) {
  for (const std::uint64_t seed : {5u, 6u, 7u}) {
    const std::vector<Bin> bins = drawn(40, seed);
    EntropyClusters clusters(4);
    clusters.find(bins, 4, 1000);
    std::vector<std::uint32_t> at(clusters.boundaries().begin(), clusters.boundaries().end());
    const double best = entropy(bins, at);
    for (std::size_t n = 1; n + 1 < at.size(); ++n) {
      std::vector<std::uint32_t> other = at;
      for (other[n] = at[n - 1]; other[n] <= at[n + 1]; ++other[n]) EXPECT_LE(entropy(bins, other), best * (1 + 1e-9));
    }
  }
}

TEST(EntropyClusters, OfTwoAreTheBestThereAre) {
  // With one boundary a sweep is a search over everything.
  for (const std::uint64_t seed : {8u, 9u}) {
    const std::vector<Bin> bins = drawn(100, seed);
    EntropyClusters clusters(2);
    clusters.find(bins, 2, 1);
    double best = 0;
    for (std::uint32_t at = 0; at <= 100; ++at)
      best = std::max(best, entropy(bins, std::vector<std::uint32_t>{0, at, 100}));
    EXPECT_NEAR(entropy(bins, clusters.boundaries()), best, 1e-9 * best);
  }
}

TEST(EntropyClusters, TakeLogarithmsToTheLastDigit) {
  for (double count = 1; count < 0x1p33; count = std::floor(count * 1.37) + 1)
    EXPECT_NEAR(log2_of(count), std::log2(count), 0x1p-33 + 1e-14) << count;
  for (int e = 0; e < 40; ++e) EXPECT_EQ(log2_of(std::ldexp(1.0, e)), e);
}

TEST(WeightedEntropy, SendsTheRootMeanSquareOfEachClusterAndSide) {
  const Floats x = gaussian(4000, 10);
  Harness harness("weighted-entropy(k=12)");
  const Floats c = harness.decode(harness.encode(x), x.size());
  std::map<float, std::pair<double, double>> clusters;  // count and energy
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(c[i] < 0, x[i] < 0);
    clusters[c[i]].first += 1;
    clusters[c[i]].second += static_cast<double>(x[i]) * x[i];
  }
  EXPECT_EQ(clusters.size(), 12u);
  // Within a bin, squares are those of its mean: up to 2^-16 too small.
  for (const auto& [value, sums] : clusters)
    EXPECT_NEAR(std::abs(value) / std::sqrt(sums.second / sums.first), 1, 0x1p-16);
}

TEST(WeightedEntropy, MakesClustersOfLargeMagnitudesSmall) {
  const Floats x = gaussian(20000, 11);
  Harness harness("weighted-entropy(k=8)");
  const Floats c = harness.decode(harness.encode(x), x.size());
  std::map<float, int> counts;
  for (const float v : c) ++counts[std::abs(v)];
  // Positive and negative clusters may differ in their magnitudes; the outermost are few, the innermost many.
  EXPECT_LT(counts.rbegin()->second, counts.begin()->second);
}

TEST(WeightedEntropy, DoesNotDependOnTheOrderOfCoordinates) {
  Floats x = gaussian(3000, 12);
  Harness harness("weighted-entropy");
  const Bytes one = harness.encode(x);
  std::reverse(x.begin(), x.end());
  std::swap(x[10], x[2000]);
  const Bytes other = harness.encode(x);
  EXPECT_TRUE(std::equal(one.begin(), one.begin() + 64, other.begin()));
}

TEST(WeightedEntropy, KeepsItsPromiseForASpikeAmongSmallOnes) {
  // A root mean square of one cluster would stand for a thousand coordinates that are far below it.
  Floats x(1000, 0.001f);
  x[500] = 100;
  Harness harness("weighted-entropy(k=2)");
  const double delta = harness.compressor->properties(x.size()).delta;
  EXPECT_GT(delta, 0.15);
  EXPECT_LE(squared_distance(harness.decode(harness.encode(x), x.size()), x), (1 - delta) * squared_norm(x));
}

}  // namespace
}  // namespace parley::compression::test
