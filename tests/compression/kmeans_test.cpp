// Codebooks against the best ones there are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "compression/coding/float_bins.h"
#include "feedback_link.h"

namespace parley::compression::test {
namespace {

/// The least squared error of k centroids, by dynamic programming over the sorted numbers.
double least_error(Floats x, std::size_t k) {
  std::sort(x.begin(), x.end());
  const std::size_t n = x.size();
  const auto cost = [&](std::size_t begin, std::size_t end) {
    double mean = 0, error = 0;
    for (std::size_t i = begin; i < end; ++i) mean += x[i] / static_cast<double>(end - begin);
    for (std::size_t i = begin; i < end; ++i) error += std::pow(x[i] - mean, 2);
    return error;
  };
  std::vector<double> best(n + 1, std::numeric_limits<double>::infinity());
  best[0] = 0;
  for (std::size_t c = 0; c < k; ++c) {
    std::vector<double> next = best;  // a cell may stay empty
    for (std::size_t end = 1; end <= n; ++end)
      for (std::size_t begin = 0; begin < end; ++begin) next[end] = std::min(next[end], best[begin] + cost(begin, end));
    best = next;
  }
  return best[n];
}

double error_of(Harness& harness, const Floats& x) {
  return squared_distance(harness.decode(harness.encode(x), x.size()), x);
}

TEST(Kmeans, IsAtTheOptimumOfSeparateGroups) {
  // Four groups, each of a fifth of the distance to the next at most: every other division is worse.
  base::Random random(key_of(1));
  for (int attempt = 0; attempt < 50; ++attempt) {
    Floats x(60);
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>(static_cast<double>(i % 4) * 10 - 17 + 2 * random.uniform_double());
    Harness harness("kmeans(k=4, start=cold)");
    // Centroids are rounded to floats, of at most 17.
    EXPECT_NEAR(error_of(harness, x), least_error(x, 4), 60 * 17 * 17 * 0x1p-23);
  }
}

TEST(Kmeans, IsNearTheOptimumOfGaussianFloats) {
  // A density whose logarithm is concave has one local optimum (Trushkin 1982), so Lloyd's iteration has nowhere else
  // to go; a sample of 200 has others nearby.
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u}) {
    const Floats x = gaussian(200, seed);
    for (const std::size_t k : {2u, 4u, 8u}) {
      Harness harness(fmt::format("kmeans(k={}, iterations=100, start=cold)", k));
      const double least = least_error(x, k), found = error_of(harness, x);
      EXPECT_GE(found, least * (1 - 1e-6));
      EXPECT_LE(found, 1.15 * least) << seed << ' ' << k;
    }
  }
}

TEST(Kmeans, NeverGetsWorseByIterating) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Floats x = gaussian(3000, seed);
    double last = std::numeric_limits<double>::infinity();
    for (const std::size_t iterations : {0u, 1u, 2u, 5u, 20u}) {
      Harness harness(fmt::format("kmeans(k=16, iterations={}, start=cold)", iterations));
      const double error = error_of(harness, x);
      EXPECT_LE(error, last * (1 + 1e-6));
      last = error;
    }
  }
}

TEST(Kmeans, IsExactForAsManyValuesAsCentroids) {
  Floats x(500);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 16) - 5.5f;
  Harness harness("kmeans(k=16)");
  EXPECT_EQ(harness.decode(harness.encode(x), x.size()), x);
}

TEST(Kmeans, SendsFewCoordinatesAsTheyAre) {
  Harness harness("kmeans(k=16)");
  const Floats x = gaussian(18, 3);  // 72 bytes against 64 and 9
  EXPECT_EQ(harness.decode(harness.encode(x), x.size()), x);
  EXPECT_EQ(harness.compressor->max_payload_size(18), 72u);
  EXPECT_EQ(harness.compressor->max_payload_size(19), 64 + 10u);
}

TEST(Kmeans, HoldsAlmostAllOfAGaussianVector) {
  // Sixteen levels lose 0.0095 of a Gaussian at best (Max 1960); a sample of 1e5 moves that by 1 %, bins by 2^-14.
  const Floats x = gaussian(100000, 4);
  Harness harness("kmeans(k=16, iterations=50)");
  const double lost = error_of(harness, x) / squared_norm(x);
  EXPECT_LT(lost, 0.0105);
  EXPECT_GT(lost, 0.009);
}

TEST(KmeansWarmStart, NeedsNoIterationsForTheSameVector) {
  const Floats x = gaussian(5000, 5);
  Harness cold("kmeans(k=16, iterations=30, start=cold)"), warm("kmeans(k=16, iterations=30)");
  const Bytes first = warm.encode(x);
  EXPECT_EQ(first, cold.encode(x));  // nothing to start from
  Floats half = x;
  for (float& v : half) v /= 2;  // scales with the vector
  const double again = error_of(warm, half);
  EXPECT_LE(again, error_of(cold, half) * (1 + 1e-6));
}

TEST(KmeansWarmStart, ContinuesFromACheckpoint) {
  Harness one("kmeans(k=8, iterations=1)"), two("kmeans(k=8, iterations=1)");
  one.encode(gaussian(700, 1));
  const Floats memory(one.state->memory().begin(), one.state->memory().end());
  EXPECT_EQ(memory.size(), 8u);
  ASSERT_TRUE(two.state->restore(memory).ok());
  for (const std::uint64_t round : {2u, 3u, 4u})
    EXPECT_EQ(one.encode(gaussian(700, round)), two.encode(gaussian(700, round)));
}

TEST(KmeansWarmStart, RefusesAMemoryThatIsNoCodebook) {
  Harness harness("kmeans(k=4)");
  harness.encode(gaussian(100, 1));
  const Floats before(harness.state->memory().begin(), harness.state->memory().end());
  EXPECT_EQ(harness.state->restore(Floats(5)).refusal().reason, "memory_size");
  for (const Floats& bad : {Floats{2, 1}, Floats{1, 1}, Floats{0, std::nanf("")}, Floats{0, INFINITY}})
    EXPECT_EQ(harness.state->restore(bad).refusal().reason, "memory_not_possible");
  EXPECT_EQ(Floats(harness.state->memory().begin(), harness.state->memory().end()), before);
}

TEST(KmeansWarmStart, KeepsItsPromiseAfterAnyOtherVector) {
  // From a codebook of two distant values to what has most of its energy elsewhere.
  const std::size_t d = 400;
  Floats spikes(d, 1.0f), flat = gaussian(d, 9);
  spikes[7] = -1e6f;
  Harness harness("kmeans(k=2, iterations=0)");
  for (int round = 0; round < 4; ++round) {
    const Floats& x = round % 2 == 0 ? spikes : flat;
    EXPECT_LE(error_of(harness, x), (1 - 1.0 / static_cast<double>(d)) * squared_norm(x) * (1 + 0x1p-20));
  }
}

TEST(FloatBins, HoldEveryFloatOnceWithItsExactSum) {
  Floats x = gaussian(10000, 2);
  x.push_back(-0.0f);
  x.push_back(std::numeric_limits<float>::denorm_min());
  x.push_back(-std::numeric_limits<float>::max());
  FloatBins bins;
  for (int repetition = 0; repetition < 2; ++repetition) {  // it forgets what it counted
    ASSERT_TRUE(bins.count(x));
    double count = 0, last = -std::numeric_limits<double>::infinity();
    for (const FloatBins::Bin& bin : bins.bins()) {
      double sum = 0, found = 0;
      for (const float v : x)
        if (FloatBins::key(v) == bin.key) sum += v, ++found;  // exact: floats of one exponent
      EXPECT_EQ(bin.sum, sum);
      EXPECT_EQ(bin.count, found);
      EXPECT_GE(bin.mean(), last);
      last = bin.mean();
      count += bin.count;
    }
    EXPECT_EQ(count, static_cast<double>(x.size()));
  }
}

}  // namespace
}  // namespace parley::compression::test
