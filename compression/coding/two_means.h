// Coordinates as one bit each and two values: the mean of those below zero, and of the others.
//
//   block := plus:f32 minus:f32 ceil(n/8) x u8    bit i, least significant first, is 1 for x_i < 0; pad bits are zero
//
// A mean that is not a normal float is sent as 0, and so are the bits if both are.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/error.h"

namespace parley::compression {

constexpr std::size_t two_means_size(std::size_t n) {
  return 2 * sizeof(float) + (n + 7) / 8;
}

/// The mean of `count` coordinates as it is sent.
float sent_mean(double sum, std::size_t count);
/// True if sent_mean could have made a value of that sign with these bits.
bool is_sent_mean(std::uint32_t bits, bool negative);
/// True if n coordinates, of which so many are negative, can have the means with these bits.
bool are_means_of(std::uint32_t plus, std::uint32_t minus, std::size_t n, std::size_t negatives);

/// Writes the block of n > 0 coordinates. False, with the bytes unspecified, if one is not finite.
bool encode_two_means(const float* x, std::size_t n, std::byte* to);
/// Refuses what encode_two_means never writes. `index` is for the message.
base::Result<void> check_two_means(const std::byte* from, std::size_t n, std::size_t index);
/// y += scale * what the block, which was checked, decodes to.
void add_two_means(const std::byte* from, std::size_t n, float scale, float* y);

}  // namespace parley::compression
