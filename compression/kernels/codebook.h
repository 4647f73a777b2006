// Floats as indices of a codebook, and back.
//
// Indices are of `width` bits, 1 to 8, least significant first; the last byte is padded with zeros.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::compression::kernels {

/// Packs table[upper sixteen bits of x_i], below 2^width, of n floats.
void pack_keys(const float* x, std::size_t n, const std::uint8_t* table, unsigned width, std::byte* to);

/// Packs n indices below 2^width.
void pack_indices(const std::uint8_t* indices, std::size_t n, unsigned width, std::byte* to);
/// The inverse.
void unpack_indices(const std::byte* from, std::size_t n, unsigned width, std::uint8_t* indices);

/// The largest of n indices; 0 for n = 0.
unsigned largest_index(const std::byte* from, std::size_t n, unsigned width);

/// y_i += scale * c[index_i], with a rounding each, where c are `size` floats at `codebook`: all that indices name.
void add_codebook(const std::byte* from, std::size_t n, unsigned width, const std::byte* codebook, std::size_t size,
                  float scale, float* y);

}  // namespace parley::compression::kernels
