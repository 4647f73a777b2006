#include "compression/kernels/philox.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/philox.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include "compression/kernels/philox-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

void random_words(const base::PhiloxInput& key, std::uint32_t first_block, std::size_t groups, std::uint32_t* out) {
  const U32 d;
  const PhiloxKeys keys(key);
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<U32> words[4];
  for (std::size_t g = 0; g < groups; ++g, out += kGroup) {
    for (std::size_t l = 0; l < kBlocksPerGroup; l += lanes, first_block += static_cast<std::uint32_t>(lanes)) {
      philox_blocks(keys, first_block, words);
      for (std::size_t j = 0; j < 4; ++j) hn::StoreU(words[j], d, out + 16 * j + l);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(random_words);

void random_words(const base::PhiloxInput& key, std::uint32_t first_block, std::size_t groups, std::uint32_t* out) {
  HWY_DYNAMIC_DISPATCH(random_words)(key, first_block, groups, out);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
