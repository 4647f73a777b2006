#include "level_reference.h"

#include "bucket_reference.h"

namespace parley::compression::test {
namespace {

class NaturalReference final : public Reference {
 public:
  explicit NaturalReference(bool random) : random_(random) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    Bytes exponents, signs((x.size() + 7) / 8);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Neighbours n = neighbours(x[i]);
      const double threshold = random_ ? (1 << 23) - static_cast<double>(rounding_word(key, 0, i) >> 9) : 1 << 22;
      const int exponent = n.fraction * (1 << 23) >= threshold ? n.lower + 1 : n.lower;
      exponents.push_back(static_cast<std::uint8_t>(exponent));
      if (x[i] < 0 && exponent > 0) signs[i / 8] |= static_cast<std::uint8_t>(1 << (i % 8));
    }
    exponents.insert(exponents.end(), signs.begin(), signs.end());
    return exponents;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    for (std::size_t i = 0; i < d; ++i) {
      const bool negative = ((bytes[d + i / 8] >> (i % 8)) & 1) != 0;
      x.push_back(static_cast<float>(negative ? -value(bytes[i]) : value(bytes[i])));
    }
    return x;
  }

  std::optional<double> expected_error(const Floats& x) const override {
    double error = 0;
    for (const float v : x) {
      const Neighbours n = neighbours(v);
      const double magnitude = std::abs(static_cast<double>(v));
      const double p = random_ ? n.fraction : n.fraction >= 0.5 ? 1 : 0;
      error += p * squared(value(n.lower + 1) - magnitude) + (1 - p) * squared(value(n.lower) - magnitude);
    }
    return error;
  }

 private:
  struct Neighbours {
    int lower;
    double fraction;  ///< of the way to the next one
  };
  static double value(int exponent) { return exponent == 0 ? 0 : std::min(std::ldexp(1.0, exponent - 127), kLargest); }
  static Neighbours neighbours(float x) {
    const double magnitude = std::abs(static_cast<double>(x));
    if (magnitude < kSmallestNormal) return {0, magnitude / kSmallestNormal};
    const int e = std::ilogb(magnitude);
    return {e + 127, std::ldexp(magnitude, -e) - 1};
  }

  bool random_;
};

class PowerDitherReference final : public BucketReference {
 public:
  explicit PowerDitherReference(PowerDitherOptions options)
      : BucketReference(options.bucket, width(options.finest), 4), o_(options) {}

 protected:
  void encode_bucket(const float* x, std::size_t n, const std::vector<std::uint32_t>& words, Bytes& bytes,
                     std::vector<int>& codes) const override {
    const float norm = norm_of(x, n);
    if (is_zero(norm, n)) return put_float(bytes, 0);
    put_float(bytes, norm);
    for (std::size_t i = 0; i < n; ++i) {
      const float r = scaled_to(x[i], norm, std::ldexp(1.0, o_.finest));
      const std::uint32_t v = words[i] >> 9;
      int code = 0;
      if (r < 1) {
        code = std::floor(r * 0x1p23) + v >= 0x1p23 ? 1 : 0;
      } else {
        const int e = std::ilogb(r);
        code = 1 + e + ((std::ldexp(static_cast<double>(r), -e) - 1) * 0x1p23 + v >= 0x1p23 ? 1 : 0);
      }
      codes[i] = x[i] < 0 ? -code : code;
    }
  }

  void decode_bucket(const Bytes& bytes, std::size_t at, const std::vector<int>& codes, Floats& x) const override {
    const float norm = get_float(bytes, at);
    for (const int code : codes) {
      const double power = code == 0 ? 0 : std::ldexp(code < 0 ? -1.0 : 1.0, std::abs(code) - 1 - o_.finest);
      x.push_back(norm == 0 ? 0.0f : static_cast<float>(power * unit(norm, codes.size())));
    }
  }

  double bucket_error(const float* x, std::size_t n) const override {
    const double norm = norm_of(x, n);
    if (is_zero(static_cast<float>(norm), n)) return ordered_sum_of_squares(x, n);
    const double finest = std::ldexp(1.0, -o_.finest);
    double variance = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double r = std::min(1.0, std::abs(static_cast<double>(x[i])) / norm);
      const double lower = r < finest ? 0 : std::ldexp(1.0, std::ilogb(r));
      const double upper = r < finest ? finest : 2 * lower;
      variance += squared(norm) * (upper - r) * (r - lower);
    }
    return shrunk_error(1 / (1 + shrink(n)), variance, x, n);
  }

 private:
  static unsigned width(int finest) {
    unsigned width = 1;
    while ((1 << width) < 2 * finest + 3) ++width;
    return width;
  }

  double shrink(std::size_t length) const {
    if (!o_.contractive || length == 1) return 0;
    const double n = static_cast<double>(length), q2 = std::ldexp(1.0, -2 * o_.finest);
    if (o_.l2) return n * q2 < 81.0 / 16 ? 1.0 / 8 + 2 * n * q2 / 9 : std::sqrt(n * q2) - 1;
    return std::max((std::sqrt(1 + (n - 1) * q2) - 1) / 2, (std::sqrt(squared(n + 1) + n - 1) - (n + 1)) / 4);
  }

  float norm_of(const float* x, std::size_t n) const {
    const double norm = o_.l2 ? std::sqrt(ordered_sum_of_squares(x, n)) : largest_magnitude(x, n);
    if (norm > kLargest) return std::numeric_limits<float>::max();
    const auto nearest = static_cast<float>(norm);
    return nearest < norm ? std::nextafter(nearest, std::numeric_limits<float>::infinity()) : nearest;
  }
  float unit(float norm, std::size_t n) const { return static_cast<float>(norm / (1 + shrink(n))); }
  bool is_zero(float norm, std::size_t n) const {
    return std::ldexp(static_cast<double>(unit(norm, n)), -o_.finest) < kSmallestNormal;
  }

  PowerDitherOptions o_;
};

}  // namespace

ReferencePointer natural_reference(bool random) {
  return std::make_unique<NaturalReference>(random);
}
ReferencePointer power_dither_reference(PowerDitherOptions options) {
  return std::make_unique<PowerDitherReference>(options);
}

}  // namespace parley::compression::test
