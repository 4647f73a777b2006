#include "ternary_reference.h"

#include <algorithm>

#include "reference_parts.h"

namespace parley::compression::test {
namespace {

/// Five digits a byte: in groups of 320 levels, the last one shorter, of which each five that stand m = ceil(r/5) apart
/// make a number in base three.
void append_trits(Bytes& bytes, const std::vector<int>& levels) {
  for (std::size_t start = 0; start < levels.size(); start += 320) {
    const std::size_t r = std::min<std::size_t>(320, levels.size() - start), m = (r + 4) / 5;
    for (std::size_t j = 0; j < m; ++j) {
      int byte = 0, weight = 1;
      for (std::size_t k = j; k < 5 * m; k += m, weight *= 3) {
        const int level = k < r ? levels[start + k] : 0;
        byte += weight * (level < 0 ? 2 : level);
      }
      bytes.push_back(static_cast<std::uint8_t>(byte));
    }
  }
}

std::vector<int> trits_at(const Bytes& bytes, std::size_t at, std::size_t n) {
  std::vector<int> levels(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t start = i / 320 * 320, r = std::min<std::size_t>(320, n - start), m = (r + 4) / 5;
    int byte = bytes[at + start / 5 + (i - start) % m];
    for (std::size_t k = 0; k < (i - start) / m; ++k) byte /= 3;
    levels[i] = byte % 3 == 2 ? -1 : byte % 3;
  }
  return levels;
}

class TerngradReference final : public Reference {
 public:
  explicit TerngradReference(TerngradOptions options) : o_(options) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    Bytes bytes;
    std::uint32_t block = 0;
    for (std::size_t start = 0; start < x.size(); start += o_.bucket) {
      const std::size_t n = std::min(o_.bucket, x.size() - start);
      const float m = scale_of(x, start, n);
      const bool zero = unit(m, n) < kSmallestNormal;
      append_float(bytes, zero ? 0.0f : m);
      std::vector<int> levels(n);
      for (std::size_t i = 0; i < n && !zero; ++i) levels[i] = level_of(x[start + i], m, rounding_word(key, block, i));
      append_trits(bytes, levels);
      block += static_cast<std::uint32_t>(16 * ((n + 63) / 64));
    }
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    for (std::size_t start = 0, at = 0; start < d; start += o_.bucket) {
      const std::size_t n = std::min(o_.bucket, d - start);
      const float m = float_at(bytes, at);
      for (const int level : trits_at(bytes, at + 4, n))
        x.push_back(m == 0 ? 0.0f : unit(m, n) * static_cast<float>(level));
      at += 4 + (n + 4) / 5;
    }
    return x;
  }

  std::optional<double> expected_error(const Floats& x) const override {
    double error = 0;
    for (std::size_t start = 0; start < x.size(); start += o_.bucket) {
      const std::size_t n = std::min(o_.bucket, x.size() - start);
      const double m = scale_of(x, start, n), c = 1 / (1 + shrink(n));
      const bool zero = unit(static_cast<float>(m), n) < kSmallestNormal;
      for (std::size_t i = start; i < start + n; ++i) {
        const double v = std::abs(static_cast<double>(x[i])), y = zero ? 0 : std::min(v, m);
        error += c * c * y * (m - y) * (zero ? 0 : 1) + std::pow(c * y - v, 2);
      }
    }
    return error;
  }

 private:
  double shrink(std::size_t n) const { return o_.contractive ? (std::sqrt(static_cast<double>(n)) - 1) / 2 : 0; }

  float scale_of(const Floats& x, std::size_t start, std::size_t n) const {
    float largest = 0;
    for (std::size_t i = start; i < start + n; ++i) largest = std::max(largest, std::abs(x[i]));
    if (!o_.clip) return largest;
    const double squares = sum_in_order(x, start, start + n, [](double v) { return v * v; });
    const double limit = *o_.clip * std::sqrt(squares / static_cast<double>(n));
    if (limit >= largest) return largest;
    const auto nearest = static_cast<float>(limit);
    return nearest < limit ? std::nextafter(nearest, std::numeric_limits<float>::infinity()) : nearest;
  }

  float unit(float m, std::size_t n) const { return static_cast<float>(m / (1 + shrink(n))); }

  static int level_of(float x, float m, std::uint32_t random) {
    // |x| / m as the kernel rounds it: by the reciprocal of m's mantissa, rounded up.
    const int e = std::ilogb(m);
    const double mantissa = std::ldexp(static_cast<double>(m), -e);
    float inverse = static_cast<float>(1 / mantissa);
    if (inverse * mantissa < 1) inverse = std::nextafter(inverse, std::numeric_limits<float>::infinity());
    const auto scaled = static_cast<float>(std::ldexp(std::abs(static_cast<double>(x)), -e));
    const float p = scaled * inverse;
    if (p < 1 && static_cast<double>(random >> 8) * 0x1p-24 >= static_cast<double>(p)) return 0;
    return x < 0 ? -1 : 1;
  }

  TerngradOptions o_;
};

/// The magnitudes of one side (1 or -1) or of both (0), those of the other side as 0.
std::vector<double> magnitudes_of(const Floats& x, std::size_t start, std::size_t n, int side) {
  std::vector<double> magnitudes;
  for (std::size_t i = start; i < start + n; ++i)
    magnitudes.push_back(side == 0 || (x[i] < 0) == (side < 0) ? std::abs(static_cast<double>(x[i])) : 0);
  return magnitudes;
}

/// The smallest magnitude of the support with the largest c^2/k, by sorting all.
double optimal_least(std::vector<double> magnitudes) {
  std::sort(magnitudes.rbegin(), magnitudes.rend());
  double sum = 0, best = 0, least = std::numeric_limits<double>::infinity();
  for (std::size_t k = 1; k <= magnitudes.size() && magnitudes[k - 1] > 0; ++k) {
    sum += magnitudes[k - 1];
    const double kept = sum * sum / static_cast<double>(k);
    const bool within_equals = k < magnitudes.size() && magnitudes[k] == magnitudes[k - 1];
    if (!within_equals && kept > best) {
      best = kept;
      least = magnitudes[k - 1];
    }
  }
  return least;
}

/// What the coordinates of a side that reach `least` become, and 0 in `least` = infinity if that is nothing.
float value_of(const std::vector<double>& magnitudes, double& least) {
  Floats chosen;
  double count = 0;
  for (const double m : magnitudes) {
    chosen.push_back(m >= least && m > 0 ? static_cast<float>(m) : 0.0f);
    count += chosen.back() > 0 ? 1 : 0;
  }
  const double sum = sum_in_order(chosen, 0, chosen.size(), [](double v) { return v; });
  const float mean = count == 0 ? 0 : static_cast<float>(sum / count);
  if (mean >= kSmallestNormal) return mean;
  least = std::numeric_limits<double>::infinity();
  return 0;
}

class TwoSidedReference final : public DeterministicReference {
 public:
  TwoSidedReference(bool two_values, std::optional<double> threshold, std::size_t block)
      : two_values_(two_values), threshold_(threshold), block_(block) {}

  Bytes encode(const Floats& x, const base::RandomKey&) const override {
    Bytes bytes;
    for (std::size_t start = 0; start < x.size(); start += block_) {
      const std::size_t n = std::min(block_, x.size() - start);
      double least[2];
      for (const int side : {0, 1}) {
        const auto magnitudes = magnitudes_of(x, start, n, two_values_ ? 1 - 2 * side : 0);
        least[side] =
            threshold_ ? std::nextafter(unit_of(x, start, n) * *threshold_, 1e300) : optimal_least(magnitudes);
        const float value = value_of(magnitudes, least[side]);
        if (two_values_ || side == 0) append_float(bytes, value);
      }
      std::vector<int> levels;
      for (std::size_t i = start; i < start + n; ++i)
        levels.push_back(x[i] == 0 || std::abs(static_cast<double>(x[i])) < least[x[i] < 0] ? 0 : x[i] < 0 ? -1 : 1);
      append_trits(bytes, levels);
    }
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    for (std::size_t start = 0, at = 0; start < d; start += block_) {
      const std::size_t n = std::min(block_, d - start), values = two_values_ ? 8 : 4;
      for (const int level : trits_at(bytes, at + values, n))
        x.push_back(level == 0 ? 0.0f : level > 0 ? float_at(bytes, at) : -float_at(bytes, at + values - 4));
      at += values + (n + 4) / 5;
    }
    return x;
  }

 private:
  /// What thresholds are multiples of: the mean magnitude for one value, the largest for two.
  double unit_of(const Floats& x, std::size_t start, std::size_t n) const {
    if (!two_values_)
      return sum_in_order(x, start, start + n, [](double v) { return std::abs(v); }) / static_cast<double>(n);
    const auto magnitudes = magnitudes_of(x, start, n, 0);
    return *std::max_element(magnitudes.begin(), magnitudes.end());
  }

  bool two_values_;
  std::optional<double> threshold_;
  std::size_t block_;
};

}  // namespace

ReferencePointer terngrad_reference(TerngradOptions options) {
  return std::make_unique<TerngradReference>(options);
}

ReferencePointer twn_reference(std::optional<double> threshold, std::size_t block) {
  return std::make_unique<TwoSidedReference>(false, threshold, block);
}
ReferencePointer ttq_reference(std::optional<double> threshold, std::size_t block) {
  return std::make_unique<TwoSidedReference>(true, threshold, block);
}

}  // namespace parley::compression::test
