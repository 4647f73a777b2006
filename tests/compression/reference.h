// Slow and simple implementations of every operator, written from the description of its format and not from its code:
// bits are a vector<bool>, the largest are found by sorting, sets are std::set, and all arithmetic that may be is
// double.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.h"

namespace parley::compression::test {

using Bytes = std::vector<std::uint8_t>;
using Floats = std::vector<float>;

class Reference {
 public:
  virtual ~Reference() = default;
  virtual Bytes encode(const Floats& x, const base::RandomKey& key) const = 0;
  /// `bytes` are what encode made of d floats with this key.
  virtual Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey& key) const = 0;
  /// E|C(x) - x|^2 by its formula, in real numbers; nothing if there is no simple one.
  virtual std::optional<double> expected_error(const Floats& x) const = 0;
};
using ReferencePointer = std::unique_ptr<Reference>;

/// Word i of the groups of 64 that begin at `first_block`, in the order that kernels/philox.h describes.
std::uint32_t random_word(const base::RandomKey& key, std::uint32_t first_block, std::size_t i);
/// The word that coordinate i of those groups is rounded with: two neighbours share one, the second rotated by 16 bits.
std::uint32_t rounding_word(const base::RandomKey& key, std::uint32_t first_block, std::size_t i);
/// The key of the next stage of a pipeline: one step of SplitMix64 on the seed.
base::RandomKey key_of_values(const base::RandomKey& key);

ReferencePointer identity_reference();
ReferencePointer bf16_reference();
ReferencePointer f16_reference(std::size_t block);
ReferencePointer sign_reference(std::size_t block);

struct QsgdOptions {
  unsigned bits = 4;
  std::size_t bucket = 512;
  bool l2 = false;
  bool contractive = true;
  int levels = 0;  ///< instead of 2^(bits-1) - 1, which they may not exceed
};
ReferencePointer qsgd_reference(QsgdOptions options);

/// Exactly one of ratio and k is not zero.
struct Kept {
  double ratio = 0;
  std::size_t k = 0;
  std::size_t of(std::size_t d) const;
};
ReferencePointer topk_reference(Kept kept, ReferencePointer values);
ReferencePointer randk_reference(Kept kept, bool unbiased, ReferencePointer values);

}  // namespace parley::compression::test
