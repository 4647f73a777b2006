// What the slow references share of operators that code bucket after bucket, a header and codes of a fixed width each.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "reference.h"
#include "sum_in_order.h"

namespace parley::compression::test {

inline constexpr double kSmallestNormal = std::numeric_limits<float>::min();
inline constexpr double kLargest = std::numeric_limits<float>::max();

inline void put_float(Bytes& bytes, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (unsigned b = 0; b < 32; b += 8) bytes.push_back(static_cast<std::uint8_t>((bits >> b) & 0xFF));
}

inline float get_float(const Bytes& bytes, std::size_t at) {
  float value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

inline double squared(double x) {
  return x * x;
}

/// The low `width` bits of every code, one after the other.
inline void put_codes(Bytes& bytes, const std::vector<int>& codes, unsigned width) {
  std::vector<bool> bits;
  for (const int code : codes)
    for (unsigned b = 0; b < width; ++b) bits.push_back(((static_cast<unsigned>(code) >> b) & 1) != 0);
  bits.resize((bits.size() + 7) / 8 * 8);
  for (std::size_t i = 0; i < bits.size(); i += 8) {
    unsigned byte = 0;
    for (std::size_t b = 0; b < 8; ++b) byte |= static_cast<unsigned>(bits[i + b]) << b;
    bytes.push_back(static_cast<std::uint8_t>(byte));
  }
}

/// Code i of the codes that begin at byte `at`, in two's complement.
inline int get_code(const Bytes& bytes, std::size_t at, std::size_t i, unsigned width) {
  int code = 0;
  for (unsigned b = 0; b < width; ++b) {
    const std::size_t bit = i * width + b;
    code |= ((bytes[at + bit / 8] >> (bit % 8)) & 1) << b;
  }
  return code >= 1 << (width - 1) ? code - (1 << width) : code;
}

inline double ordered_sum_of_squares(const float* x, std::size_t n) {
  return sum_in_order(x, n, [](double v) { return v * v; });
}

inline double largest_magnitude(const float* x, std::size_t n) {
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(static_cast<double>(x[i])));
  return largest;
}

/// A loop over buckets of `bucket` coordinates, each with a header of `header` bytes and codes of `width` bits.
class BucketReference : public Reference {
 public:
  BucketReference(std::size_t bucket, unsigned width, std::size_t header)
      : bucket_(bucket), width_(width), header_(header) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    Bytes bytes;
    std::uint32_t block = 0;
    for (std::size_t start = 0; start < x.size(); start += bucket_) {
      const std::size_t n = std::min(bucket_, x.size() - start);
      std::vector<std::uint32_t> words;
      for (std::size_t i = 0; i < n; ++i) words.push_back(rounding_word(key, block, i));
      std::vector<int> codes(n);
      encode_bucket(x.data() + start, n, words, bytes, codes);
      put_codes(bytes, codes, width_);
      block += static_cast<std::uint32_t>(16 * ((bucket_ + 63) / 64));
    }
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    for (std::size_t start = 0, at = 0; start < d; start += bucket_) {
      const std::size_t n = std::min(bucket_, d - start);
      std::vector<int> codes;
      for (std::size_t i = 0; i < n; ++i) codes.push_back(get_code(bytes, at + header_, i, width_));
      decode_bucket(bytes, at, codes, x);
      at += header_ + (n * width_ + 7) / 8;
    }
    return x;
  }

  std::optional<double> expected_error(const Floats& x) const override {
    double error = 0;
    for (std::size_t start = 0; start < x.size(); start += bucket_)
      error += bucket_error(x.data() + start, std::min(bucket_, x.size() - start));
    return error;
  }

 protected:
  /// Appends the header to `bytes` and fills the codes, which are zero.
  virtual void encode_bucket(const float* x, std::size_t n, const std::vector<std::uint32_t>& words, Bytes& bytes,
                             std::vector<int>& codes) const = 0;
  virtual void decode_bucket(const Bytes& bytes, std::size_t at, const std::vector<int>& codes, Floats& x) const = 0;
  virtual double bucket_error(const float* x, std::size_t n) const = 0;

  /// The error of what the receiver multiplies with c, if it is right on average and has this variance.
  static double shrunk_error(double c, double variance, const float* x, std::size_t n) {
    return c * c * variance + squared(1 - c) * ordered_sum_of_squares(x, n);
  }

 private:
  std::size_t bucket_;
  unsigned width_;
  std::size_t header_;
};

/// x / norm * top as float, in two rounded products of which the first is exact.
inline float scaled_to(float x, float norm, double top) {
  const int e = std::ilogb(norm);
  const double scaled_norm = std::ldexp(static_cast<double>(norm), -e);
  auto inverse = static_cast<float>(top / scaled_norm);
  if (inverse * scaled_norm < top) inverse = std::nextafter(inverse, std::numeric_limits<float>::infinity());
  const auto scaled = static_cast<float>(std::ldexp(std::abs(static_cast<double>(x)), -e));
  return std::min(scaled * inverse, static_cast<float>(top));
}

/// r rounded up where u, 24 bits of the word or a half, is below its fraction.
inline int rounded_level(float r, bool stochastic, std::uint32_t word) {
  const double u = stochastic ? static_cast<double>(word >> 8) * 0x1p-24 : 0.5;
  const int level = static_cast<int>(std::floor(r));
  return u < static_cast<double>(r) - level ? level + 1 : level;
}

}  // namespace parley::compression::test
