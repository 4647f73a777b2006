// Uniformly random subsets that everyone who knows the key finds alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace parley::compression {

/// Draws k of d indices without replacement, every subset equally likely, and lists them in ascending order.
///
/// Words of the stream, in the order of kernels/philox.h, become numbers below d by multiplication with rejection
/// (Lemire 2019); numbers that were drawn before are drawn again. For k > d/2 the indices that are left out are drawn.
/// The result is part of the payload format.
class SubsetDrawer {
 public:
  /// k <= d < 2^32. What is returned is valid until the next call. Allocates only when d or k grows.
  std::span<const std::uint32_t> draw(std::size_t d, std::size_t k, const base::RandomKey& key);

 private:
  void mark(std::size_t d, std::size_t count, const base::RandomKey& key);

  std::vector<std::uint64_t> marks_;  // one bit an index, all zero between calls
  std::vector<std::uint32_t> indices_;
};

}  // namespace parley::compression
