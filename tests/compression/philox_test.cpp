#include "compression/kernels/philox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "harness.h"

namespace parley::compression::kernels {
namespace {

TEST(VectorisedPhilox, MakesTheWordsOfTheScalarGenerator) {
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    const base::RandomKey key{
        .seed = seed, .peer = {0xFFFFFFFF}, .round = {0xABCDEF012345}, .stream = base::Stream::compression};
    for (const std::uint32_t first : {0u, 16u, 12345u, 0xFFFFFFF0u}) {  // the last one wraps
      constexpr std::size_t kGroups = 3;
      std::vector<std::uint32_t> words(kGroups * kGroup);
      random_words(base::philox_input(key), first, kGroups, words.data());
      for (std::size_t g = 0; g < kGroups; ++g) {
        for (std::uint32_t l = 0; l < kBlocksPerGroup; ++l) {
          const auto block = base::random_block(key, first + static_cast<std::uint32_t>(g) * kBlocksPerGroup + l);
          for (std::size_t j = 0; j < 4; ++j) EXPECT_EQ(words[kGroup * g + 16 * j + l], block[j]) << g << ' ' << l;
        }
      }
    }
  }
}

/// In how many of the 2^32 words H 2^16 + L both the word is below p and the rotated word L 2^16 + H below q.
std::uint64_t both_below(std::uint64_t p, std::uint64_t q) {
  constexpr std::uint64_t kHalf = 1 << 16;
  std::uint64_t count = 0;
  for (std::uint64_t high = 0; high < kHalf; ++high) {
    const std::uint64_t of_word = high < p / kHalf ? kHalf : high == p / kHalf ? p % kHalf : 0;  // L below
    const std::uint64_t of_rotated = q / kHalf + (high < q % kHalf ? 1 : 0);
    count += std::min(of_word, of_rotated);
  }
  return count;
}

TEST(WordsForRounding, AreDrawnByNeighboursAlmostIndependently) {
  // Counted, not sampled. Beyond ties of the upper halves the two events are independent.
  base::Random random(test::key_of(3));
  for (int attempt = 0; attempt < 300; ++attempt) {
    std::uint64_t p = random.bits(), q = random.bits();
    if (attempt % 3 == 1) q = p;
    if (attempt % 3 == 2) q = (p << 16 | p >> 16) & 0xFFFFFFFF;  // where the words are most alike
    const double joint = std::ldexp(static_cast<double>(both_below(p, q)), -32);
    const double product = std::ldexp(static_cast<double>(p), -32) * std::ldexp(static_cast<double>(q), -32);
    EXPECT_LE(std::abs(joint - product), 0x1p-15) << p << ' ' << q;
  }
}

TEST(WordsForRounding, LeaveNoCorrelationBetweenNeighboursThatCouldBeSeen) {
  // Levels 0 and 1 of equal fractions. With 2^21 pairs the covariance has a deviation of at most 2^-12.5; six of them
  // and the bound of its mean are exceeded with probability 2e-9 for each of some 24 fractions.
  constexpr std::size_t kSize = std::size_t{1} << 22;
  test::Harness qsgd("qsgd(bits=2, bucket=1048576, scaling=unbiased)");
  for (const float fraction : {0.01f, 0.1f, 0.25f, 0.5f, 0.7f, 0.99f}) {
    test::Floats x(kSize, fraction);
    for (std::size_t i = 0; i < kSize; i += 1048576) x[i] = 1;  // the norm
    const test::Floats y = qsgd.decode(qsgd.encode(x), kSize);
    for (const std::size_t apart : {1u, 2u, 16u, 64u}) {
      double sum = 0;
      const double p = fraction;
      for (std::size_t i = 0; i + apart < kSize; i += 2) sum += (y[i] - p) * (y[i + apart] - p);
      EXPECT_LE(std::abs(sum / (kSize / 2)), 6 * p * (1 - p) * std::sqrt(2.0 / kSize) + 0x1p-15 + 8.0 / kSize)
          << fraction << ' ' << apart;
    }
  }
}

}  // namespace
}  // namespace parley::compression::kernels
