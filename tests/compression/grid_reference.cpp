#include "grid_reference.h"

#include <algorithm>
#include <cstdlib>

#include "reference_parts.h"

namespace parley::compression::test {
namespace {

/// A uniform number as every operator makes it of a word.
double uniform(std::uint32_t word) {
  return static_cast<double>(word >> 8) * 0x1p-24;
}

int signed_code(unsigned code, int bits) {
  return code >> (bits - 1) != 0 ? static_cast<int>(code) - (1 << bits) : static_cast<int>(code);
}

class FixedReference final : public Reference {
 public:
  FixedReference(int int_bits, int frac_bits, bool stochastic)
      : bits_(int_bits + frac_bits), unit_(std::ldexp(1.0, -frac_bits)), stochastic_(stochastic) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    std::vector<unsigned> codes;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double below = std::floor(x[i] / unit_), rest = x[i] / unit_ - below;
      // Rounding up is drawn by the magnitude: below zero, the part that stays is what is drawn.
      const double u = uniform(rounding_word(key, 0, i));
      const bool up = !stochastic_ ? rest > 0.5 : x[i] < 0 ? rest > 0 && !(u < 1 - rest) : u < rest;
      const double level = std::clamp(below + (up ? 1 : 0), lowest(), highest());
      codes.push_back(static_cast<unsigned>(static_cast<int>(level)));
    }
    Bytes bytes;
    append_codes(bytes, codes, static_cast<unsigned>(bits_));
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    for (std::size_t i = 0; i < d; ++i)
      x.push_back(static_cast<float>(signed_code(code_at(bytes, 0, i, static_cast<unsigned>(bits_)), bits_) * unit_));
    return x;
  }

  std::optional<double> expected_error(const Floats& x) const override {
    double error = 0;
    for (const float v : x) {
      const double below = std::floor(v / unit_), rest = v / unit_ - below;
      const double low = std::clamp(below, lowest(), highest()) * unit_ - v;
      const double high = std::clamp(below + 1, lowest(), highest()) * unit_ - v;
      const double p = stochastic_ ? rest : rest > 0.5 ? 1 : 0;
      error += (1 - p) * low * low + p * high * high;
    }
    return error;
  }

 private:
  double lowest() const { return -std::ldexp(1.0, bits_ - 1); }
  double highest() const { return std::ldexp(1.0, bits_ - 1) - 1; }

  int bits_;
  double unit_;
  bool stochastic_;
};

class WageReference final : public Reference {
 public:
  explicit WageReference(WageOptions options) : o_(options), top_((1 << (o_.bits - 1)) - 1) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    Bytes bytes;
    std::uint32_t first_block = 0;
    for (std::size_t start = 0; start < x.size(); start += o_.block) {
      const std::size_t n = std::min(o_.block, x.size() - start);
      const int shift = shift_of(x, start, n);
      bytes.push_back(static_cast<std::uint8_t>(shift == kZero ? 0 : shift + 127));
      std::vector<unsigned> codes(n);
      for (std::size_t i = 0; i < n && shift != kZero; ++i) {
        const double r = std::min(in_units(x[start + i], shift), static_cast<double>(top_));
        double level = std::nearbyint(r);
        if (o_.stochastic)
          level = std::floor(r) + (uniform(rounding_word(key, first_block, i)) < r - std::floor(r) ? 1 : 0);
        codes[i] = static_cast<unsigned>(static_cast<int>(x[start + i] < 0 ? -level : level));
      }
      append_codes(bytes, codes, static_cast<unsigned>(o_.bits));
      first_block += static_cast<std::uint32_t>(16 * ((n + 63) / 64));
    }
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    const auto bits = static_cast<unsigned>(o_.bits);
    for (std::size_t start = 0, at = 0; start < d; start += o_.block) {
      const std::size_t n = std::min(o_.block, d - start);
      for (std::size_t i = 0; i < n; ++i) {
        const int level = signed_code(code_at(bytes, at + 1, i, bits), o_.bits);
        x.push_back(static_cast<float>(std::ldexp(level, bytes[at] - 127 + 1 - o_.bits)));
      }
      at += 1 + (n * bits + 7) / 8;
    }
    return x;
  }

  std::optional<double> expected_error(const Floats& x) const override {
    double error = 0;
    for (std::size_t start = 0; start < x.size(); start += o_.block) {
      const std::size_t n = std::min(o_.block, x.size() - start);
      const int shift = shift_of(x, start, n);
      for (std::size_t i = start; i < start + n; ++i) {
        const double v = std::abs(static_cast<double>(x[i]));
        if (shift == kZero) {
          error += v * v;
          continue;
        }
        const double exact = in_units(x[i], shift), r = std::min(exact, static_cast<double>(top_));
        const double f = r - std::floor(r), unit = std::ldexp(1.0, shift + 1 - o_.bits);
        const double levels = exact > r       ? (exact - r) * (exact - r)
                              : o_.stochastic ? f * (1 - f)
                                              : std::pow(std::nearbyint(r) - r, 2);
        error += levels * unit * unit;
      }
    }
    return error;
  }

 private:
  static constexpr int kZero = -1000;

  /// log2 of Shift, from logarithms of doubles.
  int shift_of(const Floats& x, std::size_t start, std::size_t n) const {
    double largest = 0;
    for (std::size_t i = start; i < start + n; ++i) largest = std::max(largest, std::abs(static_cast<double>(x[i])));
    if (largest == 0) return kZero;
    const double logarithm = std::log2(largest);
    int shift = static_cast<int>(o_.up ? std::ceil(logarithm) : std::floor(logarithm + 0.5));
    if (o_.up && std::ldexp(1.0, shift - 1) >= largest) --shift;  // the logarithm was rounded
    if (o_.up && std::ldexp(1.0, shift) < largest) ++shift;
    return largest < kSmallestNormal || shift + 1 - o_.bits < -126 ? kZero : shift;
  }

  double in_units(float v, int shift) const {
    return std::ldexp(std::abs(static_cast<double>(v)), o_.bits - 1 - shift);
  }

  WageOptions o_;
  int top_;
};

class MxReference final : public DeterministicReference {
 public:
  explicit MxReference(const std::string& element) {
    if (element.rfind("int", 0) == 0) {
      bits_ = std::stoi(element.substr(3));
      for (int k = 0; k < 1 << (bits_ - 1); ++k) values_.push_back(std::ldexp(k, 2 - bits_));
    } else {
      const int exponent_bits = element[1] - '0', mantissa_bits = element[3] - '0';
      const int bias = (1 << (exponent_bits - 1)) - 1;
      bits_ = 1 + exponent_bits + mantissa_bits;
      for (int code = 0; code < 1 << (bits_ - 1); ++code) {
        const int exponent = code >> mantissa_bits, mantissa = code & ((1 << mantissa_bits) - 1);
        if (element == "e5m2" && exponent == 31) break;                   // infinity and NaN
        if (element == "e4m3" && exponent == 15 && mantissa == 7) break;  // NaN
        values_.push_back(exponent == 0 ? std::ldexp(mantissa, 1 - bias - mantissa_bits)
                                        : std::ldexp((1 << mantissa_bits) + mantissa, exponent - bias - mantissa_bits));
      }
      is_float_ = true;
    }
  }

  Bytes encode(const Floats& x, const base::RandomKey&) const override {
    std::vector<unsigned> codes;
    Bytes scales;
    for (std::size_t start = 0; start < x.size(); start += 32) {
      const std::size_t end = std::min(start + 32, x.size());
      double largest = 0;
      for (std::size_t i = start; i < end; ++i) largest = std::max(largest, std::abs(static_cast<double>(x[i])));
      const bool zero = largest < kSmallestNormal;
      const int scale = zero ? -127 : std::max(-126, std::ilogb(largest) - std::ilogb(values_.back()));
      scales.push_back(static_cast<std::uint8_t>(scale + 127));
      for (std::size_t i = start; i < end; ++i) codes.push_back(zero ? 0 : code_of(x[i], scale));
    }
    Bytes bytes;
    append_codes(bytes, codes, static_cast<unsigned>(bits_));
    bytes.insert(bytes.end(), scales.begin(), scales.end());
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    const std::size_t scales = (d * static_cast<std::size_t>(bits_) + 7) / 8;
    for (std::size_t i = 0; i < d; ++i) {
      const unsigned code = code_at(bytes, 0, i, static_cast<unsigned>(bits_));
      const bool negative = code >> (bits_ - 1) != 0;
      const unsigned magnitude = is_float_ ? code & ((1u << (bits_ - 1)) - 1) : negative ? (1u << bits_) - code : code;
      const double value = std::ldexp(values_.at(magnitude), bytes[scales + i / 32] - 127);
      x.push_back(static_cast<float>(negative ? -value : value));
    }
    return x;
  }

 private:
  /// The nearest element, of two the one with the even code.
  unsigned code_of(float v, int scale) const {
    const double wanted = std::ldexp(std::abs(static_cast<double>(v)), -scale);
    unsigned best = 0;
    for (unsigned code = 1; code < values_.size(); ++code) {
      const double gain = std::abs(values_[best] - wanted) - std::abs(values_[code] - wanted);
      if (gain > 0 || (gain == 0 && code % 2 == 0)) best = code;
    }
    if (!std::signbit(v)) return best;
    return is_float_ ? best | 1u << (bits_ - 1) : ((1u << bits_) - best) & ((1u << bits_) - 1);
  }

  int bits_ = 0;
  bool is_float_ = false;
  std::vector<double> values_;  // of the codes without sign, ascending
};

}  // namespace

ReferencePointer fixed_reference(int int_bits, int frac_bits, bool stochastic) {
  return std::make_unique<FixedReference>(int_bits, frac_bits, stochastic);
}
ReferencePointer wage_reference(WageOptions options) {
  return std::make_unique<WageReference>(options);
}
ReferencePointer mx_reference(const std::string& element) {
  return std::make_unique<MxReference>(element);
}

}  // namespace parley::compression::test
