#include "reference.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "sum_in_order.h"

namespace parley::compression::test {
namespace {

constexpr double kSmallestNormal = std::numeric_limits<float>::min();

/// x rounded to `digits` significant binary digits, and to a multiple of 2^lowest, ties to even.
double rounded(double x, int digits, int lowest) {
  if (x == 0) return 0;
  const int unit = std::max(std::ilogb(x) + 1 - digits, lowest);
  return std::ldexp(std::nearbyint(std::ldexp(x, -unit)), unit);
}

void put_u16(Bytes& bytes, unsigned word) {
  bytes.push_back(static_cast<std::uint8_t>(word & 0xFF));
  bytes.push_back(static_cast<std::uint8_t>(word >> 8));
}

void put_float(Bytes& bytes, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  put_u16(bytes, bits & 0xFFFF);
  put_u16(bytes, bits >> 16);
}

float get_float(const Bytes& bytes, std::size_t at) {
  float value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

double squared(double x) {
  return x * x;
}

class IdentityReference final : public Reference {
 public:
  Bytes encode(const Floats& x, const base::RandomKey&) const override {
    Bytes bytes;
    for (const float value : x) put_float(bytes, value);
    return bytes;
  }
  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    for (std::size_t i = 0; i < d; ++i) x.push_back(get_float(bytes, 4 * i));
    return x;
  }
  std::optional<double> expected_error(const Floats&) const override { return 0; }
};

/// An operator without randomness: its error is found by trying.
class Deterministic : public Reference {
 public:
  std::optional<double> expected_error(const Floats& x) const override {
    const Floats c = decode(encode(x, {}), x.size(), {});
    double error = 0;
    for (std::size_t i = 0; i < x.size(); ++i) error += squared(static_cast<double>(c[i]) - x[i]);
    return error;
  }
};

class Bf16Reference final : public Deterministic {
 public:
  Bytes encode(const Floats& x, const base::RandomKey&) const override {
    Bytes bytes;
    const double largest = std::ldexp(255.0, 120);
    for (const float value : x) {
      const double nearest = std::min(rounded(std::abs(value), 8, -133), largest);
      const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(nearest));
      put_u16(bytes, (bits >> 16) | (std::signbit(value) ? 0x8000u : 0u));
    }
    return bytes;
  }
  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    for (std::size_t i = 0; i < d; ++i)
      x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bytes[2 * i] | (bytes[2 * i + 1] << 8)) << 16));
    return x;
  }
};

class F16Reference final : public Deterministic {
 public:
  explicit F16Reference(std::size_t block) : block_(block) {}

  Bytes encode(const Floats& x, const base::RandomKey&) const override {
    Bytes halves, exponents;
    for (std::size_t start = 0; start < x.size(); start += block_) {
      const std::size_t end = std::min(start + block_, x.size());
      double largest = 0;
      for (std::size_t i = start; i < end; ++i) largest = std::max(largest, std::abs(static_cast<double>(x[i])));
      const int e = largest < kSmallestNormal ? -127 : std::ilogb(largest);
      exponents.push_back(static_cast<std::uint8_t>(e + 127));
      for (std::size_t i = start; i < end; ++i) put_u16(halves, e == -127 ? 0 : half(x[i], e));
    }
    halves.insert(halves.end(), exponents.begin(), exponents.end());
    return halves;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    for (std::size_t i = 0; i < d; ++i) {
      const unsigned half = bytes[2 * i] | (static_cast<unsigned>(bytes[2 * i + 1]) << 8);
      const int exponent = (half >> 10) & 31, mantissa = half & 1023;
      double value = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
      value = std::ldexp(value, bytes[2 * d + i / block_] - 127 - 14);
      x.push_back(static_cast<float>((half & 0x8000) != 0 ? -value : value));
    }
    return x;
  }

 private:
  static unsigned half(float x, int e) {
    double value = rounded(std::ldexp(std::abs(static_cast<double>(x)), 14 - e), 11, -24);
    if (e == 127) value = std::min(value, 32752.0);  // 2^15 would not be finite when multiplied back
    unsigned bits = 0;
    if (value >= 0x1p-14) {
      const int exponent = std::ilogb(value);
      bits =
          static_cast<unsigned>(exponent + 15) << 10 | static_cast<unsigned>(std::ldexp(value, 10 - exponent) - 1024);
    } else {
      bits = static_cast<unsigned>(std::ldexp(value, 24));
    }
    return bits | (std::signbit(x) ? 0x8000u : 0u);
  }

  std::size_t block_;
};

class SignReference final : public Deterministic {
 public:
  explicit SignReference(std::size_t block) : block_(block) {}

  Bytes encode(const Floats& x, const base::RandomKey&) const override {
    Bytes bytes;
    for (std::size_t start = 0; start < x.size(); start += block_) {
      const std::size_t end = std::min(start + block_, x.size());
      const double sum = sum_in_order(x, start, end, [](double v) { return std::abs(v); });
      float alpha = static_cast<float>(sum / static_cast<double>(end - start));
      const bool zero = alpha < kSmallestNormal;
      put_float(bytes, zero ? 0.0f : alpha);
      std::vector<std::uint8_t> bits((end - start + 7) / 8);
      for (std::size_t i = start; i < end; ++i)
        if (x[i] < 0 && !zero) bits[(i - start) / 8] |= static_cast<std::uint8_t>(1 << ((i - start) % 8));
      bytes.insert(bytes.end(), bits.begin(), bits.end());
    }
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    for (std::size_t start = 0, at = 0; start < d; start += block_) {
      const std::size_t length = std::min(block_, d - start);
      const float alpha = get_float(bytes, at);
      for (std::size_t i = 0; i < length; ++i)
        x.push_back(((bytes[at + 4 + i / 8] >> (i % 8)) & 1) != 0 ? -alpha : alpha);
      at += 4 + (length + 7) / 8;
    }
    return x;
  }

 private:
  std::size_t block_;
};

}  // namespace

std::uint32_t random_word(const base::RandomKey& key, std::uint32_t first_block, std::size_t i) {
  const auto block = first_block + static_cast<std::uint32_t>(16 * (i / 64) + i % 16);
  return base::random_block(key, block)[i % 64 / 16];
}

std::uint32_t rounding_word(const base::RandomKey& key, std::uint32_t first_block, std::size_t i) {
  const std::size_t group = i / 64, quarter = i % 64 / 16, place = i % 16;
  const auto block = first_block + static_cast<std::uint32_t>(16 * group + place / 2);
  const std::uint32_t word = base::random_block(key, block)[quarter];
  return place % 2 == 0 ? word : (word << 16) | (word >> 16);
}

ReferencePointer identity_reference() {
  return std::make_unique<IdentityReference>();
}
ReferencePointer bf16_reference() {
  return std::make_unique<Bf16Reference>();
}
ReferencePointer f16_reference(std::size_t block) {
  return std::make_unique<F16Reference>(block);
}
ReferencePointer sign_reference(std::size_t block) {
  return std::make_unique<SignReference>(block);
}

namespace {

class QsgdReference final : public Reference {
 public:
  explicit QsgdReference(QsgdOptions options)
      : o_(options), s_(o_.levels != 0 ? o_.levels : (1 << (o_.bits - 1)) - 1) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    Bytes bytes;
    std::uint32_t block = 0;
    for (std::size_t start = 0; start < x.size(); start += o_.bucket) {
      const std::size_t length = std::min(o_.bucket, x.size() - start);
      const float norm = norm_of(x, start, length);
      const bool zero = unit(norm, length) < kSmallestNormal;
      put_float(bytes, zero ? 0.0f : norm);
      std::vector<bool> bits;
      for (std::size_t i = 0; i < length; ++i) {
        const int level = zero ? 0 : level_of(x[start + i], norm, rounding_word(key, block, i));
        for (unsigned b = 0; b < o_.bits; ++b) bits.push_back(((static_cast<unsigned>(level) >> b) & 1) != 0);
      }
      bits.resize((bits.size() + 7) / 8 * 8);
      for (std::size_t i = 0; i < bits.size(); i += 8) {
        unsigned byte = 0;
        for (std::size_t b = 0; b < 8; ++b) byte |= static_cast<unsigned>(bits[i + b]) << b;
        bytes.push_back(static_cast<std::uint8_t>(byte));
      }
      block += static_cast<std::uint32_t>(16 * ((o_.bucket + 63) / 64));
    }
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    for (std::size_t start = 0, at = 0; start < d; start += o_.bucket) {
      const std::size_t length = std::min(o_.bucket, d - start);
      const float norm = get_float(bytes, at);
      for (std::size_t i = 0; i < length; ++i) {
        int level = 0;
        for (unsigned b = 0; b < o_.bits; ++b) {
          const std::size_t bit = i * o_.bits + b;
          level |= ((bytes[at + 4 + bit / 8] >> (bit % 8)) & 1) << b;
        }
        if (level > s_) level -= 1 << o_.bits;
        x.push_back(norm == 0 ? 0.0f : unit(norm, length) * static_cast<float>(level));
      }
      at += 4 + (length * o_.bits + 7) / 8;
    }
    return x;
  }

  std::optional<double> expected_error(const Floats& x) const override {
    double error = 0;
    for (std::size_t start = 0; start < x.size(); start += o_.bucket) {
      const std::size_t length = std::min(o_.bucket, x.size() - start);
      const double norm = norm_of(x, start, length);
      const bool zero = unit(static_cast<float>(norm), length) < kSmallestNormal;
      const double c = 1 / (1 + shrink(length));
      for (std::size_t i = start; i < start + length; ++i) {
        const double r = zero ? 0 : std::abs(static_cast<double>(x[i])) * s_ / norm;
        const double f = r - std::floor(r);
        // E(cQ - x)^2 = c^2 Var Q + (1 - c)^2 x^2, the latter all of it in a bucket of zeros.
        error += zero ? squared(x[i]) : squared(c * norm / s_) * f * (1 - f) + squared((1 - c) * x[i]);
      }
    }
    return error;
  }

 private:
  double shrink(std::size_t length) const {
    if (!o_.contractive || length == 1) return 0;
    const double n = static_cast<double>(length), s = s_;
    if (!o_.l2) return (std::sqrt(1 + (n - 1) / (s * s)) - 1) / 2;
    return n < 4 * s * s ? n / (4 * s * s) : std::sqrt(n) / s - 1;
  }

  float norm_of(const Floats& x, std::size_t start, std::size_t length) const {
    double norm = 0;
    if (o_.l2) {
      norm = std::sqrt(sum_in_order(x, start, start + length, squared));
    } else {
      for (std::size_t i = start; i < start + length; ++i) norm = std::max(norm, std::abs(static_cast<double>(x[i])));
    }
    if (norm > std::numeric_limits<float>::max()) return std::numeric_limits<float>::max();
    float up = static_cast<float>(norm);
    if (up < norm) up = std::nextafter(up, std::numeric_limits<float>::infinity());
    return up;
  }

  float unit(float norm, std::size_t length) const {
    float unit = static_cast<float>(norm / (s_ * (1 + shrink(length))));
    if (static_cast<double>(unit) * s_ > std::numeric_limits<float>::max()) unit = std::nextafter(unit, 0.0f);
    return unit;
  }

  int level_of(float x, float norm, std::uint32_t random) const {
    const int e = std::ilogb(norm);
    const double scaled_norm = std::ldexp(static_cast<double>(norm), -e);
    float inverse = static_cast<float>(s_ / scaled_norm);
    if (inverse * scaled_norm < s_) inverse = std::nextafter(inverse, std::numeric_limits<float>::infinity());
    const auto scaled = static_cast<float>(std::ldexp(std::abs(static_cast<double>(x)), -e));
    const float r = std::min(scaled * inverse, static_cast<float>(s_));
    int level = static_cast<int>(std::floor(r));
    if (static_cast<double>(random >> 8) * 0x1p-24 < static_cast<double>(r) - level) ++level;
    return x < 0 ? -level : level;
  }

  QsgdOptions o_;
  int s_;
};

}  // namespace

ReferencePointer qsgd_reference(QsgdOptions options) {
  return std::make_unique<QsgdReference>(options);
}

std::size_t Kept::of(std::size_t d) const {
  if (d == 0) return 0;
  if (k != 0) return std::min(k, d);
  std::size_t count = 1;
  while (count < d && static_cast<double>(count) < ratio * static_cast<double>(d) - 1e-9) ++count;
  return count;
}

base::RandomKey key_of_values(const base::RandomKey& key) {
  std::uint64_t z = key.seed + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  base::RandomKey next = key;
  next.seed = z ^ (z >> 31);
  return next;
}

}  // namespace parley::compression::test
