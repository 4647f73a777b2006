#include "compression/kernels/philox.h"

#include <array>

namespace parley::compression::kernels {
namespace {

std::array<std::uint32_t, 4> philox_block(const base::PhiloxInput& key, std::uint32_t block) {
  std::uint32_t c0 = block, c1 = key.counter1, c2 = key.counter2, c3 = key.counter3;
  std::uint32_t k0 = key.key0, k1 = key.key1;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c0;
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * c2;
    c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<std::uint32_t>(p1);
    c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<std::uint32_t>(p0);
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return {c0, c1, c2, c3};
}

}  // namespace

void random_words(const base::PhiloxInput& key, std::uint32_t first_block, std::size_t groups, std::uint32_t* out) {
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::uint32_t l = 0; l < kBlocksPerGroup; ++l) {
      const auto words = philox_block(key, first_block + static_cast<std::uint32_t>(g) * kBlocksPerGroup + l);
      for (std::size_t j = 0; j < 4; ++j) out[kGroup * g + 16 * j + l] = words[j];
    }
  }
}

}  // namespace parley::compression::kernels
