// What is statistical about the random numbers. Every seed is fixed, so that a test gives the same verdict each time;
// the false-alarm rates below say how many seeds out of a good generator's would have failed: fewer than one in 1e9.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <vector>

#include "base/random.h"

namespace parley::base {
namespace {

constexpr double kLogAlarm = 23.1;  // exp(-23.1) < 1e-10: the chance that a sound generator exceeds one bound

/// Pearson's statistic of counts that ought to be equal.
double chi_square(const std::vector<double>& counts) {
  const double expected = std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(counts.size());
  double sum = 0;
  for (double count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

/// What a chi-square variable of k degrees of freedom exceeds with probability at most exp(-t) (Laurent and Massart
/// 2000, Lemma 1). Each cell is given a thousand expected counts or more, so that Pearson's statistic is one.
double chi_square_bound(double k, double t) {
  return k + 2 * std::sqrt(k * t) + 2 * t;
}

void expect_equally_likely(const std::vector<double>& counts) {
  ASSERT_GE(std::accumulate(counts.begin(), counts.end(), 0.0), 1000.0 * static_cast<double>(counts.size()));
  EXPECT_LT(chi_square(counts), chi_square_bound(static_cast<double>(counts.size()) - 1, kLogAlarm));
}

TEST(RandomStatistics, BelowIsEquallyLikelyForSmallBounds) {
  for (std::uint32_t bound : {2u, 3u, 5u, 6u, 10u, 64u, 100u}) {
    Random random(RandomKey{.seed = 100 + bound});
    std::vector<double> counts(bound);
    for (std::uint32_t i = 0; i < 1000 * bound; ++i) ++counts[random.below(bound)];
    expect_equally_likely(counts);
  }
}

TEST(RandomStatistics, BelowIsEquallyLikelyWhereShortcutsAreBiased) {
  // With 3 * 2^30 values out of 2^32 words, taking a remainder hits the lowest third twice as often, and multiplying
  // and shifting without rejection hits every third value twice as often. One cell for each third and each remainder
  // of 3.
  const std::uint32_t bound = 3u << 30;
  Random random(RandomKey{.seed = 200});
  std::vector<double> counts(9);
  for (int i = 0; i < 9000; ++i) {
    const std::uint32_t value = random.below(bound);
    ++counts[3 * (value >> 30) + value % 3];
  }
  expect_equally_likely(counts);
}

TEST(RandomStatistics, ShuffleGivesEveryOrderEqually) {
  Random random(RandomKey{.seed = 300});
  std::map<std::array<int, 4>, double> orders;
  for (int i = 0; i < 24000; ++i) {
    std::array<int, 4> values{0, 1, 2, 3};
    random.shuffle(std::span<int>(values));
    ++orders[values];
  }
  ASSERT_EQ(orders.size(), 24u);
  std::vector<double> counts;
  counts.reserve(orders.size());
  for (const auto& [order, count] : orders) counts.push_back(count);
  expect_equally_likely(counts);
}

/// The greatest distance between the empirical distribution of a sample and `cdf`.
double kolmogorov_distance(std::vector<double> sample, const std::function<double(double)>& cdf) {
  std::sort(sample.begin(), sample.end());
  const double n = static_cast<double>(sample.size());
  double distance = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double f = cdf(sample[i]);
    distance = std::max({distance, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  return distance;
}

/// What that distance exceeds with probability at most 1e-10, for every n (Massart 1990: 2 exp(-2 n e^2)).
double kolmogorov_bound(std::size_t n) {
  return std::sqrt((kLogAlarm + std::log(2.0)) / (2 * static_cast<double>(n)));
}

constexpr std::size_t kSamples = 1 << 18;

template <class Draw>
std::vector<double> sample(std::uint64_t seed, Draw draw) {
  Random random(RandomKey{.seed = seed});
  std::vector<double> values(kSamples);
  for (double& value : values) value = draw(random);
  return values;
}

double standard_normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

TEST(RandomStatistics, UniformIsUniform) {
  const auto identity = [](double x) { return x; };
  const auto floats = sample(400, [](Random& random) { return static_cast<double>(random.uniform()); });
  EXPECT_LT(kolmogorov_distance(floats, identity), kolmogorov_bound(kSamples));
  const auto doubles = sample(401, [](Random& random) { return random.uniform_double(); });
  EXPECT_LT(kolmogorov_distance(doubles, identity), kolmogorov_bound(kSamples));
}

TEST(RandomStatistics, NormalIsNormal) {
  const auto normals = sample(402, [](Random& random) { return random.normal(); });
  EXPECT_LT(kolmogorov_distance(normals, standard_normal_cdf), kolmogorov_bound(kSamples));
}

TEST(RandomStatistics, NormalHasTheMomentsOfANormal) {
  // E x^k is 0, 1, 0, 3 and Var x^k is E x^2k - (E x^k)^2 = 1, 2, 15, 96; by the central limit theorem the mean of x^k
  // is 6.7 standard errors off once in 4e10, and once in 1e10 after the skewness of x^4.
  const std::array<double, 4> expected{0, 1, 0, 3};
  const std::array<double, 4> variance{1, 2, 15, 96};
  std::array<double, 4> sum{};
  for (double x : sample(403, [](Random& random) { return random.normal(); })) {
    double power = 1;
    for (double& s : sum) s += (power *= x);
  }
  for (std::size_t k = 0; k < 4; ++k) {
    const double n = static_cast<double>(kSamples);
    EXPECT_NEAR(sum[k] / n, expected[k], 6.7 * std::sqrt(variance[k] / n)) << "moment " << k + 1;
  }
}

TEST(RandomStatistics, NeighbouringNormalsAreUncorrelated) {
  // Box and Muller make them in pairs from one radius. The products x y and (x^2 - 1)(y^2 - 1) have mean 0 and
  // variances 1 and 4 when x and y are independent.
  const auto x = sample(404, [](Random& random) { return random.normal(); });
  double product = 0, product_of_squares = 0;
  const std::size_t pairs = kSamples / 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    const double a = x[2 * i], b = x[2 * i + 1];
    product += a * b;
    product_of_squares += (a * a - 1) * (b * b - 1);
  }
  const double n = static_cast<double>(pairs);
  EXPECT_LT(std::abs(product / n), 6.7 / std::sqrt(n));
  EXPECT_LT(std::abs(product_of_squares / n), 6.7 * 2 / std::sqrt(n));
}

TEST(RandomStatistics, NeighbouringStreamsAreUncorrelated) {
  // Streams of neighbouring peers, rounds and seeds, word by word: half of the bits agree. The number of agreeing bits
  // of n words is binomial, and is off by more than sqrt(32 n t / 2) with probability at most 2 exp(-t) (Hoeffding
  // 1963).
  const RandomKey key{.seed = 500, .peer = PeerId{1}, .round = Round{1}, .stream = Stream::minibatch};
  RandomKey peer = key, round = key, seed = key, stream = key;
  peer.peer = PeerId{2};
  round.round = Round{2};
  seed.seed = 501;
  stream.stream = Stream::compression;
  constexpr int kWords = 100000;
  for (const RandomKey& other : {peer, round, seed, stream}) {
    Random a(key), b(other);
    double agreeing = 0;
    for (int i = 0; i < kWords; ++i) agreeing += std::popcount(~(a.bits() ^ b.bits()));
    EXPECT_LT(std::abs(agreeing - 16.0 * kWords), std::sqrt(32.0 * kWords * (kLogAlarm + std::log(2.0)) / 2));
  }
}

}  // namespace
}  // namespace parley::base
