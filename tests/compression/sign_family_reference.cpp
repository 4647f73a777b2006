#include "sign_family_reference.h"

#include <algorithm>

#include "reference_parts.h"

namespace parley::compression::test {
namespace {

class SignsgdReference final : public Reference {
 public:
  SignsgdReference(float scale, bool stochastic) : scale_(scale), stochastic_(stochastic) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    Bytes bytes;
    if (x.empty()) return bytes;
    std::vector<unsigned> bits;
    const bool any = std::any_of(x.begin(), x.end(), [](float v) { return v != 0; });
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float drawn = static_cast<float>(random_word(key, 0, i) >> 8) * 0x1p-24f;
      const volatile float half = x[i] * (0.5f / scale_);
      bits.push_back(any && (stochastic_ ? drawn >= half + 0.5f : x[i] < 0) ? 1 : 0);
    }
    bits.push_back(any ? 1 : 0);
    append_codes(bytes, bits, 1);
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    for (std::size_t i = 0; i < d; ++i)
      x.push_back(code_at(bytes, 0, d, 1) == 0 ? 0.0f : code_at(bytes, 0, i, 1) != 0 ? -scale_ : scale_);
    return x;
  }

  std::optional<double> expected_error(const Floats& x) const override {
    const double scale = scale_;
    double error = 0;
    if (std::all_of(x.begin(), x.end(), [](float v) { return v == 0; })) return error;
    for (const float f : x) {
      const double v = f, mean = stochastic_ ? std::clamp(v, -scale, scale) : v < 0 ? -scale : scale;
      error += (v - mean) * (v - mean) + scale * scale - mean * mean;
    }
    return error;
  }

 private:
  float scale_;
  bool stochastic_;
};

class OnebitReference final : public DeterministicReference {
 public:
  explicit OnebitReference(std::size_t block) : block_(block) {}

  Bytes encode(const Floats& x, const base::RandomKey&) const override {
    Bytes bytes;
    for (std::size_t start = 0; start < x.size(); start += block_) {
      const std::size_t end = std::min(start + block_, x.size());
      const float plus = mean(x, start, end, false), minus = mean(x, start, end, true);
      append_float(bytes, plus);
      append_float(bytes, minus);
      std::vector<unsigned> bits;
      for (std::size_t i = start; i < end; ++i) bits.push_back(x[i] < 0 && (plus != 0 || minus != 0) ? 1 : 0);
      append_codes(bytes, bits, 1);
    }
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    for (std::size_t start = 0, at = 0; start < d; start += block_) {
      const std::size_t n = std::min(block_, d - start);
      for (std::size_t i = 0; i < n; ++i) x.push_back(float_at(bytes, code_at(bytes, at + 8, i, 1) != 0 ? at + 4 : at));
      at += 8 + (n + 7) / 8;
    }
    return x;
  }

 private:
  static float mean(const Floats& x, std::size_t start, std::size_t end, bool negative) {
    double count = 0;
    for (std::size_t i = start; i < end; ++i) count += (x[i] < 0) == negative ? 1 : 0;
    const double sum = sum_in_order(x, start, end, [&](double v) { return (v < 0) == negative ? v : 0; });
    const float value = count == 0 ? 0 : static_cast<float>(sum / count);
    return std::abs(value) < kSmallestNormal ? 0 : value;
  }

  std::size_t block_;
};

/// A vector without a shape: floor(sqrt d) rows, and a rest that is one column.
class OnebitColumnsReference final : public DeterministicReference {
 public:
  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    Bytes bytes;
    if (x.empty()) return bytes;
    const auto [m, n] = shape(x.size());
    const auto body = x.begin() + static_cast<std::ptrdiff_t>(m * n);
    if (m == 1 || n == 1) return column_.encode(x, key);
    std::vector<float> plus, minus;
    for (std::size_t j = 0; j < n; ++j) {
      plus.push_back(mean(x, m, n, j, false));
      minus.push_back(mean(x, m, n, j, true));
    }
    for (const float v : plus) append_float(bytes, v);
    for (const float v : minus) append_float(bytes, v);
    for (std::size_t i = 0; i < m; ++i) {
      std::vector<unsigned> bits;
      for (std::size_t j = 0; j < n; ++j) bits.push_back(x[i * n + j] < 0 && (plus[j] != 0 || minus[j] != 0) ? 1 : 0);
      append_codes(bytes, bits, 1);
    }
    const Bytes rest = column_.encode(Floats(body, x.end()), key);
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey& key) const override {
    if (d == 0) return {};
    const auto [m, n] = shape(d);
    if (m == 1 || n == 1) return column_.decode(bytes, d, key);
    Floats x;
    for (std::size_t i = 0; i < m * n; ++i) {
      const bool negative = code_at(bytes, 8 * n + i / n * ((n + 7) / 8), i % n, 1) != 0;
      x.push_back(float_at(bytes, 4 * (i % n + (negative ? n : 0))));
    }
    const auto at = static_cast<std::ptrdiff_t>(8 * n + m * ((n + 7) / 8));
    const Floats rest = column_.decode(Bytes(bytes.begin() + at, bytes.end()), d - m * n, key);
    x.insert(x.end(), rest.begin(), rest.end());
    return x;
  }

 private:
  static std::pair<std::size_t, std::size_t> shape(std::size_t d) {
    std::size_t m = 0;
    while ((m + 1) * (m + 1) <= d) ++m;
    return {m, d / m};
  }

  static float mean(const Floats& x, std::size_t m, std::size_t n, std::size_t column, bool negative) {
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < m; ++i) {
      const float v = x[i * n + column];
      if ((v < 0) == negative) sum += v, ++count;
    }
    const float value = count == 0 ? 0 : static_cast<float>(sum / count);
    return std::abs(value) < kSmallestNormal ? 0 : value;
  }

  OnebitReference column_{std::size_t{1} << 30};
};

}  // namespace

ReferencePointer signsgd_reference(float scale, bool stochastic) {
  return std::make_unique<SignsgdReference>(scale, stochastic);
}
ReferencePointer onebit_reference(std::size_t block) {
  return std::make_unique<OnebitReference>(block);
}

ReferencePointer onebit_columns_reference() {
  return std::make_unique<OnebitColumnsReference>();
}

}  // namespace parley::compression::test
