// Codebooks of vectors, alone and one after the other.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "compression/coding/vector_codebook.h"
#include "feedback_link.h"
#include "subjects.h"
#include "vector_reference.h"

namespace parley::compression::test {
namespace {

double error_of(Harness& harness, const Floats& x) {
  return squared_distance(harness.decode(harness.encode(x), x.size()), x);
}

double error_of(const std::string& spec, const Floats& x) {
  Harness harness(spec);
  return error_of(harness, x);
}

TEST(Product, OfSingleCoordinatesIsAsGoodAsKmeansOnSeparateGroups) {
  // Four groups, each of a fifth of the distance to the next at most: every other division is worse, and both find it.
  base::Random random(key_of(1));
  for (int attempt = 0; attempt < 50; ++attempt) {
    Floats x(60);
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>(static_cast<double>(i % 4) * 10 - 17 + 2 * random.uniform_double());
    const double kmeans = error_of("kmeans(k=4, start=cold)", x);
    // Centroids are rounded to floats, of at most 17.
    EXPECT_NEAR(error_of("product(m=1, k=4)", x), kmeans, 60 * 17 * 17 * 0x1p-23);
    EXPECT_NEAR(error_of("residual(stages=1, m=1, k=4)", x), kmeans, 60 * 17 * 17 * 0x1p-23);
  }
}

TEST(Product, IsExactForAsManyVectorsAsCentroids) {
  for (const std::size_t m : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u}) {
    Floats x(64 * 16 * m);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>((i / m * 7 % 16 * 31 + i % m * 17) % 23) - 9;
    Harness harness(fmt::format("product(m={}, k=16)", m));
    EXPECT_EQ(harness.decode(harness.encode(x), x.size()), x) << m;
  }
}

TEST(Product, NeverGetsWorseByIterating) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Floats x = gaussian(6000, seed);
    double last = std::numeric_limits<double>::infinity();
    for (const std::size_t iterations : {0u, 1u, 2u, 5u, 20u}) {
      const double error = error_of(fmt::format("product(m=3, k=20, iterations={})", iterations), x);
      EXPECT_LE(error, last * (1 + 1e-6));
      last = error;
    }
  }
}

TEST(Product, DoesNotDependOnTheOrderOfItsVectors) {
  // Small whole numbers, whose sums are exact in any order.
  constexpr std::size_t kVectors = 500, kLength = 4;
  base::Random random(key_of(3));
  Floats x(kVectors * kLength);
  for (float& v : x) v = static_cast<float>(random.below(40)) - 20;
  std::vector<std::size_t> order(kVectors);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = kVectors; i > 1; --i)
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  Floats moved(x.size());
  for (std::size_t i = 0; i < moved.size(); ++i) moved[i] = x[order[i / kLength] * kLength + i % kLength];
  Harness harness("residual(stages=2, k=16, start=cold)");
  const Floats one = harness.decode(harness.encode(x), x.size());
  const Floats other = harness.decode(harness.encode(moved), x.size());
  for (std::size_t i = 0; i < moved.size(); ++i)
    EXPECT_EQ(other[i], one[order[i / kLength] * kLength + i % kLength]) << i;
}

TEST(Product, SendsTheLastCoordinatesAsTheyAre) {
  const Floats x = gaussian(1003, 4);
  for (const std::size_t m : {2u, 4u, 7u, 8u}) {
    Harness harness(fmt::format("product(m={}, k=16)", m));
    const Floats c = harness.decode(harness.encode(x), x.size());
    for (std::size_t i = x.size() / m * m; i < x.size(); ++i) EXPECT_EQ(c[i], x[i]) << m;
  }
}

TEST(Product, LosesLessThanTheBestNumbersAtAsManyBits) {
  // Four levels a coordinate lose 0.1175 of a Gaussian at best (Max 1960); a sample of 1e5 moves that by 1 %.
  const Floats x = gaussian(100000, 5);
  EXPECT_LT(error_of("product(m=2, k=16, iterations=50)", x), 0.115 * squared_norm(x));
  EXPECT_LT(error_of("product(m=4, k=256, iterations=50)", x), 0.110 * squared_norm(x));
}

TEST(Product, TrainsOnAFixedNumberOfVectorsAsItsReferenceDoes) {
  const std::size_t d = 2 * VectorCodebook::kSample + 5001;
  const Floats x = gaussian(d, 6);
  Harness harness("residual(stages=2, m=1, k=4, iterations=2, start=cold)");
  const auto reference = vector_reference({.stages = 2, .m = 1, .k = 4, .iterations = 2});
  EXPECT_TRUE(same_bytes(harness.encode(x), reference->encode(x, kKey)));
}

TEST(Product, KeepsItsPromiseWhereTheSampleMissesAlmostEverything) {
  const std::size_t n = 8 * VectorCodebook::kSample, d = 2 * n;
  for (const char* spec : {"product(m=2, k=4)", "residual(stages=2, m=2, k=4)"}) {
    Harness harness(spec);
    for (const std::size_t at : {std::size_t{0}, d / 3, d / 2 + 17, d - 1}) {
      Floats x = gaussian(d, 7);
      x[at] = -1e6f;
      const double delta = harness.compressor->properties(d).delta;
      EXPECT_GT(delta, 0.05);
      EXPECT_LE(error_of(harness, x), (1 - delta) * squared_norm(x)) << spec << ' ' << at;
    }
  }
}

TEST(ProductWarmStart, NeedsNoIterationsForTheSameVector) {
  const Floats x = gaussian(9000, 8);
  Harness cold("product(k=16, iterations=30, start=cold)"), warm("product(k=16, iterations=30)");
  EXPECT_EQ(warm.encode(x), cold.encode(x));  // nothing to start from
  Floats half = x;
  for (float& v : half) v /= 2;  // scales with the vector
  const double again = error_of(warm, half);
  EXPECT_LE(again, error_of(cold, half) * (1 + 1e-5));
}

TEST(ProductWarmStart, ContinuesFromACheckpoint) {
  const char* spec = "residual(stages=2, m=2, k=8, iterations=1)";
  Harness one(spec), two(spec);
  one.encode(gaussian(700, 1));
  const Floats memory(one.state->memory().begin(), one.state->memory().end());
  EXPECT_EQ(memory.size(), 2u * 2 * 8);
  ASSERT_TRUE(two.state->restore(memory).ok());
  for (const std::uint64_t round : {2u, 3u, 4u})
    EXPECT_EQ(one.encode(gaussian(700, round)), two.encode(gaussian(700, round)));
}

TEST(ProductWarmStart, RefusesAMemoryThatIsNoCodebook) {
  Harness harness("product(m=1, k=4)");
  harness.encode(gaussian(100, 1));
  const Floats before(harness.state->memory().begin(), harness.state->memory().end());
  EXPECT_EQ(harness.state->restore(Floats(5)).refusal().reason, "memory_size");
  for (const Floats& bad : {Floats{2, 1, 3, 4}, Floats{0, 1, 2, std::nanf("")}, Floats{0, 1, 2, INFINITY}})
    EXPECT_EQ(harness.state->restore(bad).refusal().reason, "memory_not_possible");
  EXPECT_EQ(Floats(harness.state->memory().begin(), harness.state->memory().end()), before);
}

TEST(Residual, OfOneStageIsProduct) {
  const Floats x = gaussian(3001, 9);
  Harness product("product(m=4, k=32)"), residual("residual(stages=1, m=4, k=32)");
  EXPECT_TRUE(same_bytes(residual.encode(x), product.encode(x)));
}

TEST(Residual, BeginsWithTheMessageOfFewerStagesAndLosesLessWithEach) {
  const Floats x = gaussian(5003, 10);
  Harness four("residual(stages=4, m=2, k=8, start=cold)");
  const Bytes all = four.encode(x);
  double last = squared_norm(x);
  for (const std::size_t stages : {1u, 2u, 3u, 4u}) {
    Harness fewer(fmt::format("residual(stages={}, m=2, k=8, start=cold)", stages));
    const std::size_t size = fewer.compressor->max_payload_size(x.size());
    ASSERT_LE(size, all.size());
    const Bytes prefix(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_TRUE(same_bytes(fewer.encode(x), prefix));
    const double error = squared_distance(fewer.decode(prefix, x.size()), x);
    EXPECT_LT(error, last);
    last = error;
  }
}

TEST(Residual, NeverAddsToTheErrorOfAnyVector) {
  for (const std::size_t d : {513u, 4099u}) {
    for (const Input& input : inputs(d)) {
      double last = squared_norm(input.x);
      for (const std::size_t stages : {1u, 2u, 3u}) {
        const double error = error_of(fmt::format("residual(stages={}, m=2, k=3)", stages), input.x);
        // Roundings of what is decoded, and denormals.
        EXPECT_LE(error, last + 0x1p-40 * squared_norm(input.x) + 1e-70) << input.name << ' ' << stages;
        last = error;
      }
    }
  }
}

TEST(Residual, IsFiniteWhereWhatIsLeftWouldNotBeAFloat) {
  // A mean near one end, and a coordinate at the other: their difference is almost twice the largest float.
  constexpr float kLargest = std::numeric_limits<float>::max();
  Floats x(300, kLargest);
  for (std::size_t i = 0; i < x.size(); i += 2) x[i] = 0.9f * kLargest;
  x[7] = -kLargest;
  x[8] = -0.3f * kLargest;
  x[9] = 0.1f * kLargest;
  for (const char* spec : {"residual(stages=3, m=1, k=2)", "residual(stages=3, m=4, k=2)"}) {
    Harness harness(spec);
    const double delta = harness.compressor->properties(x.size()).delta;
    const Floats c = harness.decode(harness.encode(x), x.size());
    for (const float v : c) ASSERT_TRUE(std::isfinite(v));
    EXPECT_LE(squared_distance(c, x), (1 - delta) * squared_norm(x));
  }
}

}  // namespace
}  // namespace parley::compression::test
