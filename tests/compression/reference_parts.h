// What the slow references have in common: floats and digits in bytes, and sums in the order that the kernels promise.
#pragma once

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "reference.h"
#include "sum_in_order.h"

namespace parley::compression::test {

inline constexpr double kSmallestNormal = std::numeric_limits<float>::min();
inline constexpr double kLargestFloat = std::numeric_limits<float>::max();

inline void append_float(Bytes& bytes, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(bits >> shift));
}

inline float float_at(const Bytes& bytes, std::size_t at) {
  float value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// Appends codes of `bits` bits, least significant first, and pads with zeros to a byte.
inline void append_codes(Bytes& bytes, const std::vector<unsigned>& codes, unsigned bits) {
  const std::size_t start = bytes.size();
  bytes.resize(start + (codes.size() * bits + 7) / 8);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    for (unsigned b = 0; b < bits; ++b) {
      const std::size_t bit = i * bits + b;
      if ((codes[i] >> b & 1) != 0) bytes[start + bit / 8] |= static_cast<std::uint8_t>(1 << (bit % 8));
    }
  }
}

/// Code i of those that begin at byte `at`.
inline unsigned code_at(const Bytes& bytes, std::size_t at, std::size_t i, unsigned bits) {
  unsigned code = 0;
  for (unsigned b = 0; b < bits; ++b) {
    const std::size_t bit = i * bits + b;
    code |= ((bytes[at + bit / 8] >> (bit % 8)) & 1u) << b;
  }
  return code;
}

/// An operator without randomness: its error is found by trying.
class DeterministicReference : public Reference {
 public:
  std::optional<double> expected_error(const Floats& x) const override {
    const Floats c = decode(encode(x, {}), x.size(), {});
    double error = 0;
    for (std::size_t i = 0; i < x.size(); ++i) error += std::pow(static_cast<double>(c[i]) - x[i], 2);
    return error;
  }
};

}  // namespace parley::compression::test
