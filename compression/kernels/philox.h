// Random words by the block, for operators that need one or more per coordinate.
//
// Rounding draws one word for two coordinates, which takes half the time: rounding word 16 j + l of a group is word j
// of block l / 2 of the group's, rotated by 16 bits if l is odd. Each is uniform, so that mean and variance of a
// coordinate are what they would be with a word of its own. The events "word below p" and "rotated word below q" depend
// on each other only where upper halves tie: their covariance is at most 2^-15.
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
