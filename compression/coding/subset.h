// Uniformly random subsets that everyone who knows the key finds alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "compression/compressor.h"

namespace parley::compression {

/// Draws k of d indices without replacement, every subset equally likely, and lists them in ascending order.
///
/// Words of the stream, in the order of kernels/philox.h, become numbers below d by multiplication with rejection
/// (Lemire 2019); numbers that were drawn before are drawn again. For k > d/2 the indices that are left out are drawn.
/// The result is part of the payload format.
class SubsetDrawer {
 public:
  /// k <= d < 2^32. What is returned is valid until the next call. Allocates only when d or k grows. The
  /// work is shared by the threads of the state.
  std::span<const std::uint32_t> draw(std::size_t d, std::size_t k, const base::RandomKey& key,
                                      const State& state = State());

 private:
  void mark(std::size_t d, std::size_t count, const base::RandomKey& key, const State& state);
  /// Marks what these words draw and returns how many of the numbers were not marked before.
  template <bool kShared>
  std::size_t mark_drawn(std::span<const std::uint32_t> words, std::size_t d, std::size_t most);
  /// Lists what is marked in words of marks from `first` on and removes the marks.
  void list(std::size_t first, std::size_t words, std::size_t d, bool leaves_out, std::span<std::uint32_t> to);

  std::vector<std::uint64_t> marks_;  // one bit an index, all zero between calls
  std::vector<std::uint32_t> indices_;
  std::vector<std::size_t> ends_;  // of what the pieces list
};

}  // namespace parley::compression
