// One operator with its state and buffers, as the tests drive it.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "compression/compressor.h"
#include "reference.h"

namespace parley::compression::test {

inline constexpr base::RandomKey kKey{.seed = 77, .peer = {3}, .round = {12}, .stream = base::Stream::compression};

/// kKey of another seed.
inline base::RandomKey key_of(std::uint64_t seed) {
  base::RandomKey key = kKey;
  key.seed = seed;
  return key;
}

class Harness {
 public:
  explicit Harness(const std::string& spec)
      : compressor(make_compressor(spec, base::ParameterLayout())), state(compressor->make_state()) {}

  /// The payload of x, which must be accepted.
  Bytes encode(std::span<const float> x, const base::RandomKey& key = kKey) {
    Bytes bytes(compressor->max_payload_size(x.size()));
    const auto size = compressor->encode(x, key, *state, std::as_writable_bytes(std::span(bytes)));
    EXPECT_TRUE(size.ok()) << compressor->spec();
    EXPECT_LE(*size, bytes.size()) << compressor->spec();
    bytes.resize(*size);
    return bytes;
  }

  base::Result<void> decode_add(std::span<const std::uint8_t> bytes, float scale, std::span<float> y,
                                const base::RandomKey& key = kKey) {
    return compressor->decode_add(std::as_bytes(bytes), key, scale, *state, y);
  }

  /// What the payload decodes to, which must be accepted.
  Floats decode(std::span<const std::uint8_t> bytes, std::size_t d, const base::RandomKey& key = kKey) {
    Floats y(d);
    const auto added = decode_add(bytes, 1.0f, y, key);
    EXPECT_TRUE(added.ok()) << compressor->spec() << ": " << (added.ok() ? "" : added.refusal().detail);
    return y;
  }

  std::unique_ptr<Compressor> compressor;
  std::unique_ptr<State> state;
};

/// Equal bit for bit, except that zeros of either sign are equal.
inline testing::AssertionResult same_floats(const Floats& a, const Floats& b) {
  if (a.size() != b.size()) return testing::AssertionFailure() << a.size() << " and " << b.size() << " floats";
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] == b[i])) return testing::AssertionFailure() << "[" << i << "] " << a[i] << " and " << b[i];
  }
  return testing::AssertionSuccess();
}

inline testing::AssertionResult same_bytes(const Bytes& a, const Bytes& b) {
  if (a.size() != b.size()) return testing::AssertionFailure() << a.size() << " and " << b.size() << " bytes";
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return testing::AssertionFailure() << "[" << i << "] " << int{a[i]} << " and " << int{b[i]};
  }
  return testing::AssertionSuccess();
}

inline double squared_norm(const Floats& x) {
  double sum = 0;
  for (const float v : x) sum += static_cast<double>(v) * v;
  return sum;
}

inline double squared_distance(const Floats& a, const Floats& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
  return sum;
}

}  // namespace parley::compression::test
