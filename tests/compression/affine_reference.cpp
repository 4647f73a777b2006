#include "bucket_reference.h"
#include "level_reference.h"

namespace parley::compression::test {
namespace {

/// s + 1 points from low to high, shrunk; what uniform and dorefa share.
class Points {
 public:
  Points(float low, float high, unsigned bits, double shrink)
      : low_(low), high_(high), s_((1 << bits) - 1), half_codes_(1 << (bits - 1)) {
    base_ = static_cast<float>((0.5 * low + 0.5 * high) / (1 + shrink));
    unit_ = static_cast<float>((0.5 * high - 0.5 * low) / (s_ * (1 + shrink)));
    const auto s = static_cast<float>(s_);
    while (!std::isfinite(base_ + unit_ * s) || !std::isfinite(base_ - unit_ * s)) unit_ = std::nextafter(unit_, 0.0f);
  }

  bool flat() const { return unit_ < kSmallestNormal; }

  int code_of(float x, bool stochastic, std::uint32_t word) const {
    const double range = static_cast<double>(high_) - low_;
    const float p = std::ldexp(1.0f, -std::ilogb(range));
    const float origin = low_ * p;
    auto inverse = static_cast<float>(s_ / (range * p));
    while ((high_ * p - origin) * inverse < static_cast<float>(s_))
      inverse = std::nextafter(inverse, std::numeric_limits<float>::infinity());
    const float r = std::clamp((x * p - origin) * inverse, 0.0f, static_cast<float>(s_));
    return rounded_level(r, stochastic, word) - half_codes_;
  }

  float value_of(int code) const {
    const int level = code + half_codes_;
    const float steps = unit_ * static_cast<float>(2 * level - s_);
    return base_ + steps;
  }

  /// Of rounding n values to the points with the fraction as probability.
  double variance(const float* x, std::size_t n) const {
    double variance = 0;
    const double step = (static_cast<double>(high_) - low_) / s_;
    for (std::size_t i = 0; i < n; ++i) {
      const double r = (static_cast<double>(x[i]) - low_) / step;
      variance += squared(step) * (r - std::floor(r)) * (1 - (r - std::floor(r)));
    }
    return variance;
  }

 private:
  float low_, high_;
  int s_, half_codes_;
  float base_, unit_;
};

class UniformLinearReference final : public BucketReference {
 public:
  explicit UniformLinearReference(UniformOptions options)
      : BucketReference(options.bucket, options.bits, 8), o_(options) {}

 protected:
  void encode_bucket(const float* x, std::size_t n, const std::vector<std::uint32_t>& words, Bytes& bytes,
                     std::vector<int>& codes) const override {
    const Points points = points_of(x, n);
    const float low = lowest(x, n);
    put_float(bytes, low);
    put_float(bytes, points.flat() ? low : highest(x, n));
    if (points.flat()) return;
    for (std::size_t i = 0; i < n; ++i) codes[i] = points.code_of(x[i], o_.stochastic, words[i]);
  }

  void decode_bucket(const Bytes& bytes, std::size_t at, const std::vector<int>& codes, Floats& x) const override {
    const float low = get_float(bytes, at), high = get_float(bytes, at + 4);
    const Points points(low, high, o_.bits, shrink(codes.size()));
    for (const int code : codes) x.push_back(low == high ? low : points.value_of(code));
  }

  double bucket_error(const float* x, std::size_t n) const override {
    const Points points = points_of(x, n);
    double error = 0;
    if (points.flat()) {
      for (std::size_t i = 0; i < n; ++i) error += squared(static_cast<double>(x[i]) - lowest(x, n));
      return error;
    }
    if (o_.stochastic) return shrunk_error(1 / (1 + shrink(n)), points.variance(x, n), x, n);
    for (std::size_t i = 0; i < n; ++i)
      error += squared(static_cast<double>(points.value_of(points.code_of(x[i], false, 0))) - x[i]);
    return error;
  }

 private:
  static float lowest(const float* x, std::size_t n) { return *std::min_element(x, x + n) + 0.0f; }
  static float highest(const float* x, std::size_t n) { return *std::max_element(x, x + n) + 0.0f; }
  Points points_of(const float* x, std::size_t n) const { return {lowest(x, n), highest(x, n), o_.bits, shrink(n)}; }
  double shrink(std::size_t n) const {
    if (!o_.stochastic || !o_.contractive || n <= 2) return 0;
    const double s = std::ldexp(1.0, static_cast<int>(o_.bits)) - 1;
    return (static_cast<double>(n) - 2) / (2 * s * s);
  }

  UniformOptions o_;
};

class DorefaReference final : public BucketReference {
 public:
  explicit DorefaReference(UniformOptions options) : BucketReference(options.bucket, options.bits, 4), o_(options) {}

 protected:
  void encode_bucket(const float* x, std::size_t n, const std::vector<std::uint32_t>& words, Bytes& bytes,
                     std::vector<int>& codes) const override {
    const auto m = static_cast<float>(largest_magnitude(x, n));
    const Points points = points_of(m, n);
    put_float(bytes, points.flat() ? 0 : m);
    if (points.flat()) return;
    for (std::size_t i = 0; i < n; ++i) codes[i] = points.code_of(x[i], true, words[i]);
  }

  void decode_bucket(const Bytes& bytes, std::size_t at, const std::vector<int>& codes, Floats& x) const override {
    const float m = get_float(bytes, at);
    for (const int code : codes) x.push_back(m == 0 ? 0.0f : points_of(m, codes.size()).value_of(code));
  }

  double bucket_error(const float* x, std::size_t n) const override {
    const Points points = points_of(static_cast<float>(largest_magnitude(x, n)), n);
    if (points.flat()) return ordered_sum_of_squares(x, n);
    return shrunk_error(1 / (1 + shrink(n)), points.variance(x, n), x, n);
  }

 private:
  Points points_of(float m, std::size_t n) const { return {-m, m, o_.bits, shrink(n)}; }
  double shrink(std::size_t n) const {
    const double s = std::ldexp(1.0, static_cast<int>(o_.bits)) - 1;
    return o_.contractive ? (static_cast<double>(n) - 1) / (s * s) : 0;
  }

  UniformOptions o_;
};

class UniformAbsmaxReference final : public BucketReference {
 public:
  explicit UniformAbsmaxReference(UniformOptions options)
      : BucketReference(options.bucket, options.bits, 4), o_(options), s_((1 << (options.bits - 1)) - 1) {}

 protected:
  void encode_bucket(const float* x, std::size_t n, const std::vector<std::uint32_t>& words, Bytes& bytes,
                     std::vector<int>& codes) const override {
    const auto norm = static_cast<float>(largest_magnitude(x, n));
    const bool zero = unit(norm, n) < kSmallestNormal;
    put_float(bytes, zero ? 0 : norm);
    for (std::size_t i = 0; i < n && !zero; ++i) codes[i] = code_of(x[i], norm, words[i]);
  }

  void decode_bucket(const Bytes& bytes, std::size_t at, const std::vector<int>& codes, Floats& x) const override {
    const float norm = get_float(bytes, at);
    for (const int code : codes) x.push_back(norm == 0 ? 0.0f : unit(norm, codes.size()) * static_cast<float>(code));
  }

  double bucket_error(const float* x, std::size_t n) const override {
    const auto norm = static_cast<float>(largest_magnitude(x, n));
    if (unit(norm, n) < kSmallestNormal) return ordered_sum_of_squares(x, n);
    double error = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double r = std::abs(static_cast<double>(x[i])) * s_ / norm, f = r - std::floor(r);
      const double nearest = static_cast<double>(unit(norm, n)) * code_of(x[i], norm, 0);
      error += o_.stochastic ? squared(static_cast<double>(norm) / s_) * f * (1 - f) : squared(nearest - x[i]);
    }
    return o_.stochastic ? shrunk_error(1 / (1 + shrink(n)), error, x, n) : error;
  }

 private:
  int code_of(float x, float norm, std::uint32_t word) const {
    const int level = rounded_level(scaled_to(x, norm, s_), o_.stochastic, word);
    return x < 0 ? -level : level;
  }
  double shrink(std::size_t n) const {
    if (!o_.stochastic || !o_.contractive) return 0;
    return (std::sqrt(1 + (static_cast<double>(n) - 1) / (static_cast<double>(s_) * s_)) - 1) / 2;
  }
  float unit(float norm, std::size_t n) const {
    const auto unit = static_cast<float>(norm / (s_ * (1 + shrink(n))));
    return static_cast<double>(unit) * s_ > kLargest ? std::nextafter(unit, 0.0f) : unit;
  }

  UniformOptions o_;
  int s_;
};

}  // namespace

ReferencePointer uniform_linear_reference(UniformOptions options) {
  return std::make_unique<UniformLinearReference>(options);
}
ReferencePointer uniform_absmax_reference(UniformOptions options) {
  return std::make_unique<UniformAbsmaxReference>(options);
}
ReferencePointer dorefa_reference(UniformOptions options) {
  return std::make_unique<DorefaReference>(options);
}

}  // namespace parley::compression::test
