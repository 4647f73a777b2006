// Random words by the block, for operators that need one or more per coordinate.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"

namespace parley::compression::kernels {

/// Words are made in groups of 64 from 16 consecutive Philox blocks. Word 16 j + l of group g is word j of block
/// 16 g + l: so vectors of any width up to 16 lanes hold words in order without a transposition.
inline constexpr std::size_t kGroup = 64;
inline constexpr std::uint32_t kBlocksPerGroup = 16;

/// Writes 64 * groups words of the stream, beginning at `first_block`. Block numbers wrap at 2^32.
void random_words(const base::PhiloxInput& key, std::uint32_t first_block, std::size_t groups, std::uint32_t* out);

}  // namespace parley::compression::kernels
