// Codebooks with weighted centroids.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "compression/coding/clusters.h"
#include "feedback_link.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

using Bin = FloatBins::Bin;

struct Weighted {
  std::vector<double> x, h;
  std::vector<Bin> bins;  // one for each x
};

/// Ascending numbers of various weights.
Weighted drawn(std::size_t n, std::uint64_t seed) {
  base::Random random(key_of(seed));
  Weighted drawn;
  for (std::size_t i = 0; i < n; ++i) drawn.x.push_back(random.normal());
  std::sort(drawn.x.begin(), drawn.x.end());
  for (const double x : drawn.x) {
    drawn.h.push_back(0.01 + std::pow(random.uniform_double(), 3));
    drawn.bins.push_back({0, drawn.h.back(), drawn.h.back() * x});
  }
  return drawn;
}

/// sum h (x - c)^2
double objective(const Weighted& points, const Clusters& clusters) {
  double sum = 0;
  std::size_t i = 0;
  for (std::size_t cell = 0; cell < clusters.size(); ++cell)
    for (; i < clusters.ends()[cell]; ++i) sum += points.h[i] * std::pow(points.x[i] - clusters.means()[cell], 2);
  return sum;
}

TEST(WeightedClusters, OfOneCellAreTheWeightedMean) {
  const Weighted points = drawn(100, 1);
  Clusters clusters(1);
  clusters.split(points.bins);
  clusters.improve(points.bins, 3);
  const double mean = std::inner_product(points.h.begin(), points.h.end(), points.x.begin(), 0.0) /
                      std::accumulate(points.h.begin(), points.h.end(), 0.0);
  ASSERT_EQ(clusters.size(), 1u);
  EXPECT_NEAR(clusters.means()[0], mean, 1e-14);
}

TEST(WeightedClusters, NeverGetWorseByIterating) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u}) {
    const Weighted points = drawn(400, seed);
    Clusters clusters(7);
    clusters.split(points.bins);
    double last = objective(points, clusters);
    for (int step = 0; step < 20; ++step) {
      clusters.improve(points.bins, 1);
      const double next = objective(points, clusters);
      EXPECT_LE(next, last * (1 + 1e-14));
      last = next;
    }
  }
}

TEST(WeightedClusters, DependOnlyOnTheRatiosOfWeights) {
  const Weighted points = drawn(400, 5);
  for (const double factor : {4.0, 0.7, 1e-9}) {
    std::vector<Bin> scaled = points.bins;
    for (Bin& bin : scaled) bin.count *= factor, bin.sum *= factor;
    Clusters one(7), other(7);
    one.split(points.bins);
    other.split(scaled);
    one.improve(points.bins, 10);
    other.improve(scaled, 10);
    EXPECT_TRUE(std::ranges::equal(one.ends(), other.ends()));
    for (std::size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(one.means()[i], other.means()[i], 1e-13);
  }
}

TEST(HessianKmeans, IsKmeansWhereAllWeightsAreEqual) {
  for (const std::size_t k : {2u, 5u, 16u, 256u}) {
    Harness plain(fmt::format("kmeans(k={})", k)), flat(fmt::format("hessian-kmeans(k={}, floor=1)", k));
    // One after the other, so that both go on from what they remember.
    for (const std::size_t d : {100u, 4099u})
      for (const Input& input : inputs(d)) EXPECT_TRUE(same_bytes(flat.encode(input.x), plain.encode(input.x)));
    Harness weighted(fmt::format("hessian-kmeans(k={}, start=cold)", k));
    Harness cold(fmt::format("kmeans(k={}, start=cold)", k));
    Floats alternating(513, 1.0f);
    for (std::size_t i = 0; i < alternating.size(); i += 2) alternating[i] = -1;
    EXPECT_TRUE(same_bytes(weighted.encode(alternating), cold.encode(alternating)));
  }
}

TEST(HessianKmeans, MakesEachCoordinateTheNearestCentroid) {
  const Floats x = gaussian(5000, 6);
  // After so many steps the centroids are those that the cells were made with. A bin is up to 2^-7 of its values wide.
  Harness harness("hessian-kmeans(k=8, iterations=1000)");
  const Floats c = harness.decode(harness.encode(x), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    float nearest = std::numeric_limits<float>::infinity();
    for (const float other : c) nearest = std::min(nearest, std::abs(x[i] - other));
    EXPECT_LE(std::abs(x[i] - c[i]), nearest + 0x1p-6f * std::abs(x[i])) << i;
  }
}

TEST(HessianKmeans, LosesLessWhereWeightsArePlaced) {
  const Floats x = gaussian(20000, 7);
  double mean = 0;
  for (const float v : x) mean += std::abs(v) / static_cast<double>(x.size());
  const auto weighted_error = [&](const char* spec) {
    Harness harness(spec);
    const Floats c = harness.decode(harness.encode(x), x.size());
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      sum += (0.99 * std::abs(x[i]) / mean + 0.01) * std::pow(static_cast<double>(c[i]) - x[i], 2);
    return sum;
  };
  // Panter and Dite: with levels as dense as (h p)^(1/3) instead of p^(1/3) the loss is (int (h p)^(1/3))^3 instead of
  // (int p^(1/3))^2 int h p^(1/3), for h = |x| a fifth less; and 16 levels are not so many.
  EXPECT_LT(weighted_error("hessian-kmeans(floor=0.01, iterations=100)"),
            0.9 * weighted_error("kmeans(iterations=100)"));
}

TEST(HessianKmeans, KeepsItsPromiseWhereWeightedMeansHoldNothing) {
  // One cell has a large value among many small ones on the other side of zero, so that both outer levels are taken.
  Floats x(1000);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = -1 - 0.001f * static_cast<float>(i % 7);
  x[10] = 200;
  x[500] = -190;
  for (const char* spec : {"hessian-kmeans(k=2, floor=0.001)", "hessian-kmeans(k=3, floor=0.001, iterations=0)"}) {
    Harness harness(spec);
    const double delta = harness.compressor->properties(x.size()).delta;
    EXPECT_GT(delta, 0.15);
    const double error = squared_distance(harness.decode(harness.encode(x), x.size()), x);
    EXPECT_LE(error, (1 - delta) * squared_norm(x)) << spec;
  }
}

}  // namespace
}  // namespace parley::compression::test
