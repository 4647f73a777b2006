#include "compression/kernels/philox.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace parley::compression::kernels
