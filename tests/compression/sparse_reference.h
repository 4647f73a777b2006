// Kept coordinates on the wire, slowly and simply: every code is written out and the shortest is taken.
#pragma once

#include <limits>

#include "reference.h"

namespace parley::compression::test {

using Indices = std::vector<std::uint32_t>;

/// Writes the indices in every code and takes the shortest, of equals that of the smallest number.
Bytes encoded_indices(const Indices& indices, std::size_t d, std::size_t k);
/// Reads indices from the front of `bytes` and removes what it read.
Indices decoded_indices(Bytes& bytes, std::size_t d, std::size_t k);

Floats picked(const Floats& x, const Indices& indices);

/// Of the `length` coordinates from `first` on, the k of largest magnitude without zeros; by sorting.
Indices largest(const Floats& x, std::size_t k, std::uint32_t first = 0,
                std::size_t length = std::numeric_limits<std::size_t>::max());

/// Indices and then their values, coded by another reference.
class KeptReference {
 public:
  explicit KeptReference(ReferencePointer values) : values_(std::move(values)) {}

  Bytes encode(const Floats& x, const Indices& indices, std::size_t k, const base::RandomKey& key) const;
  Floats decode(const Bytes& bytes, std::size_t d, std::size_t k, const base::RandomKey& key) const;
  std::optional<double> expected_error(const Floats& x, const Indices& indices) const;

 private:
  ReferencePointer values_;
};

}  // namespace parley::compression::test
