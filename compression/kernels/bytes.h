// Unaligned access to the little-endian words of payloads.
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>

namespace parley::compression {

static_assert(std::endian::native == std::endian::little,
              "payloads are little-endian and are read and written in place");

template <class Word>
Word load(const std::byte* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

template <class Word>
void store(std::byte* to, Word word) {
  std::memcpy(to, &word, sizeof word);
}

/// True if all n bytes are zero.
inline bool all_zero(const std::byte* from, std::size_t n) {
  return n == 0 || (from[0] == std::byte{0} && std::memcmp(from, from + 1, n - 1) == 0);
}

}  // namespace parley::compression
