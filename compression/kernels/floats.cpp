#include "compression/kernels/floats.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "compression/kernels/bytes.h"

namespace parley::compression::kernels {
namespace {

constexpr std::uint32_t kMagnitude = 0x7FFFFFFF;

std::uint16_t round_to_f16(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t magnitude = bits & kMagnitude;
  std::uint32_t half;
  if (magnitude < 0x38800000u) {  // below 2^-14: the addition rounds at 2^-24, the spacing of binary16 there
    half = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3F000000u;
  } else {
    half = (magnitude - 0x38000000u + 0xFFFu + ((magnitude >> 13) & 1u)) >> 13;
  }
  return static_cast<std::uint16_t>(half | ((bits >> 16) & 0x8000u));
}

float from_f16(std::uint16_t half) {
  const float magnitude = std::bit_cast<float>((half & 0x7FFFu) << 13) * 0x1p112f;
  return (half & 0x8000u) != 0 ? -magnitude : magnitude;
}

}  // namespace

void add_f32(const std::byte* from, std::size_t n, float scale, float* y) {
  for (std::size_t i = 0; i < n; ++i) y[i] += scale * load<float>(from + 4 * i);
}

std::uint32_t max_magnitude_f32(const std::byte* from, std::size_t n) {
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, load<std::uint32_t>(from + 4 * i) & kMagnitude);
  return largest;
}

std::uint32_t to_bf16(const float* x, std::size_t n, std::byte* to) {
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x[i]);
    const std::uint32_t magnitude = bits & kMagnitude;
    largest = std::max(largest, magnitude);
    const std::uint32_t rounded = std::min((magnitude + 0x7FFFu + ((magnitude >> 16) & 1u)) >> 16, 0x7F7Fu);
    store(to + 2 * i, static_cast<std::uint16_t>(rounded | ((bits >> 16) & 0x8000u)));
  }
  return largest;
}

void add_bf16(const std::byte* from, std::size_t n, float scale, float* y) {
  for (std::size_t i = 0; i < n; ++i) {
    const float v = std::bit_cast<float>(static_cast<std::uint32_t>(load<std::uint16_t>(from + 2 * i)) << 16);
    y[i] += scale * v;
  }
}

std::uint16_t max_magnitude_16(const std::byte* from, std::size_t n) {
  std::uint16_t largest = 0;
  for (std::size_t i = 0; i < n; ++i)
    largest = std::max(largest, static_cast<std::uint16_t>(load<std::uint16_t>(from + 2 * i) & 0x7FFFu));
  return largest;
}

std::uint16_t any_bits_16(const std::byte* from, std::size_t n) {
  std::uint16_t bits = 0;
  for (std::size_t i = 0; i < n; ++i) bits = static_cast<std::uint16_t>(bits | load<std::uint16_t>(from + 2 * i));
  return bits;
}

void to_f16(const float* x, std::size_t n, int shift, std::uint16_t largest, std::byte* to) {
  const float first = std::ldexp(1.0f, -shift / 2);
  const float second = std::ldexp(1.0f, -shift - -shift / 2);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint16_t half = round_to_f16(x[i] * first * second);
    const auto magnitude = std::min<std::uint16_t>(half & 0x7FFFu, largest);
    store(to + 2 * i, static_cast<std::uint16_t>(magnitude | (half & 0x8000u)));
  }
}

void add_f16(const std::byte* from, std::size_t n, int shift, float scale, float* y) {
  const float unit = std::ldexp(1.0f, shift);
  for (std::size_t i = 0; i < n; ++i) {
    const float v = from_f16(load<std::uint16_t>(from + 2 * i)) * unit;
    y[i] += scale * v;
  }
}

}  // namespace parley::compression::kernels
