// The loop over groups of coordinates that random rounding draws for, compiled once for every SIMD target.
#if defined(PARLEY_COMPRESSION_KERNELS_GROUPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PARLEY_COMPRESSION_KERNELS_GROUPS_INL_H_
#undef PARLEY_COMPRESSION_KERNELS_GROUPS_INL_H_
#else
#define PARLEY_COMPRESSION_KERNELS_GROUPS_INL_H_
#endif

#include <cstring>

#include "compression/kernels/philox-inl.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/vector_loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

/// The levels of kGroups * kGroup coordinates: level_of(vector of floats, their random words). The words of several
/// groups are drawn together, because those of one wait for one another.
template <std::size_t kGroups, class LevelOf>
HWY_INLINE void draw_groups(const float* x, const PhiloxKeys& key, std::uint32_t first_block, std::int16_t* levels,
                            const LevelOf& level_of) {
  const F32 d;
  const hn::Rebind<std::int16_t, F32> d16;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<U32> words[kGroups][4];
  for (std::size_t l = 0; l < kBlocksPerGroup; l += lanes) {
    for (std::uint32_t g = 0; g < kGroups; ++g) rounding_words(key, first_block + g * kBlocksPerGroup, l, words[g]);
    for (std::size_t g = 0; g < kGroups; ++g) {
      for (std::size_t j = 0; j < 4; ++j) {
        const std::size_t at = kGroup * g + kBlocksPerGroup * j + l;
        prefetch_ahead(x, at, lanes);
        const auto level = level_of(hn::LoadU(d, x + at), words[g][j]);
        hn::StoreU(hn::DemoteTo(d16, level), d16, levels + at);
      }
    }
  }
}

/// The levels of n coordinates, the last group filled up with zeros.
template <class LevelOf>
HWY_INLINE void draw_levels(const float* x, std::size_t n, const base::PhiloxInput& key, std::uint32_t first_block,
                            std::int16_t* levels, const LevelOf& level_of) {
  const PhiloxKeys keys(key);
  std::size_t i = 0;
  for (; i + 2 * kGroup <= n; i += 2 * kGroup, first_block += 2 * kBlocksPerGroup)
    draw_groups<2>(x + i, keys, first_block, levels + i, level_of);
  for (; i + kGroup <= n; i += kGroup, first_block += kBlocksPerGroup)
    draw_groups<1>(x + i, keys, first_block, levels + i, level_of);
  if (i == n) return;
  float rest[kGroup] = {};
  std::memcpy(rest, x + i, (n - i) * sizeof(float));
  draw_groups<1>(rest, keys, first_block, levels + i, level_of);
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
