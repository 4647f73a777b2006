#include "compression/kernels/codebook.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "compression/kernels/bytes.h"

namespace parley::compression::kernels {
namespace {

// Plain loops: what takes the time is a look-up for each coordinate, in a table that lies in the cache. Eight indices
// are `width` bytes, and fit a word.

constexpr std::size_t kEight = 8;

/// Packs index(i), below 2^kWidth, of n coordinates.
template <unsigned kWidth, class Index>
void pack(std::size_t n, std::byte* to, Index&& index) {
  const auto word_of = [&](std::size_t first, std::size_t length) {
    std::uint64_t word = 0;
    for (std::size_t j = 0; j < length; ++j) word |= static_cast<std::uint64_t>(index(first + j)) << (kWidth * j);
    return word;
  };
  std::size_t i = 0;
  // A whole word is stored where the next ones overwrite what is too much.
  for (; i + 8 * kEight <= n; i += kEight, to += kWidth) store(to, word_of(i, kEight));
  for (; i < n; i += kEight) {
    const std::size_t length = std::min(kEight, n - i);
    const std::uint64_t word = word_of(i, length);
    const std::size_t bytes = (length * kWidth + 7) / 8;
    std::memcpy(to, &word, bytes);
    to += bytes;
  }
}

/// Calls body(i, index_i) for all n indices.
template <unsigned kWidth, class Body>
void for_each_index(const std::byte* from, std::size_t n, Body&& body) {
  constexpr std::uint64_t kMask = (1u << kWidth) - 1;
  std::size_t i = 0;
  for (; i + 8 * kEight <= n; i += kEight, from += kWidth) {
    const auto word = load<std::uint64_t>(from);
    for (unsigned j = 0; j < kEight; ++j) body(i + j, static_cast<std::size_t>((word >> (kWidth * j)) & kMask));
  }
  for (; i < n; i += kEight) {
    const std::size_t length = std::min(kEight, n - i);
    const std::size_t bytes = (length * kWidth + 7) / 8;
    std::uint64_t word = 0;
    std::memcpy(&word, from, bytes);
    from += bytes;
    for (std::size_t j = 0; j < length; ++j) body(i + j, static_cast<std::size_t>((word >> (kWidth * j)) & kMask));
  }
}

template <unsigned kWidth>
unsigned largest(const std::byte* from, std::size_t n) {
  std::size_t most = 0;
  for_each_index<kWidth>(from, n, [&](std::size_t, std::size_t index) { most = std::max(most, index); });
  return static_cast<unsigned>(most);
}

template <unsigned kWidth>
void add(const std::byte* from, std::size_t n, const float* scaled, float* y) {
  for_each_index<kWidth>(from, n, [&](std::size_t i, std::size_t index) { y[i] += scaled[index]; });
}

constexpr unsigned kMostBits = 8;

/// Calls run with the width as a constant.
template <class Run>
auto with_width(unsigned width, Run run) {
  switch (width) {
    case 1:
      return run(std::integral_constant<unsigned, 1>());
    case 2:
      return run(std::integral_constant<unsigned, 2>());
    case 3:
      return run(std::integral_constant<unsigned, 3>());
    case 4:
      return run(std::integral_constant<unsigned, 4>());
    case 5:
      return run(std::integral_constant<unsigned, 5>());
    case 6:
      return run(std::integral_constant<unsigned, 6>());
    case 7:
      return run(std::integral_constant<unsigned, 7>());
    default:
      return run(std::integral_constant<unsigned, kMostBits>());
  }
}

}  // namespace

void pack_keys(const float* x, std::size_t n, const std::uint8_t* table, unsigned width, std::byte* to) {
  with_width(width, [&](auto bits) {
    pack<bits()>(n, to, [x, table](std::size_t i) { return table[std::bit_cast<std::uint32_t>(x[i]) >> 16]; });
  });
}

void pack_indices(const std::uint8_t* indices, std::size_t n, unsigned width, std::byte* to) {
  with_width(width, [&](auto bits) { pack<bits()>(n, to, [indices](std::size_t i) { return indices[i]; }); });
}

void unpack_indices(const std::byte* from, std::size_t n, unsigned width, std::uint8_t* indices) {
  with_width(width, [&](auto bits) {
    for_each_index<bits()>(
        from, n, [indices](std::size_t i, std::size_t index) { indices[i] = static_cast<std::uint8_t>(index); });
  });
}

unsigned largest_index(const std::byte* from, std::size_t n, unsigned width) {
  return with_width(width, [&](auto bits) { return largest<bits()>(from, n); });
}

void add_codebook(const std::byte* from, std::size_t n, unsigned width, const std::byte* codebook, std::size_t size,
                  float scale, float* y) {
  // Scaling a centroid once rounds as scaling it for each coordinate.
  std::array<float, std::size_t{1} << kMostBits> scaled{};
  for (std::size_t c = 0; c < size; ++c) scaled[c] = scale * load<float>(codebook + sizeof(float) * c);
  with_width(width, [&](auto bits) { add<bits()>(from, n, scaled.data(), y); });
}

}  // namespace parley::compression::kernels
