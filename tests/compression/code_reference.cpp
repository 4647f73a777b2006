#include "code_reference.h"

#include <cstdlib>

#include "bucket_reference.h"

namespace parley::compression::test {
namespace {

using Bits = std::vector<bool>;

void put_number(Bits& bits, std::size_t number, unsigned width) {
  for (unsigned b = 0; b < width; ++b) bits.push_back(((number >> b) & 1) != 0);
}

void put_gamma(Bits& bits, std::size_t n) {
  unsigned extra = 0;
  while (n >> (extra + 1) != 0) ++extra;
  bits.insert(bits.end(), extra, false);
  bits.push_back(true);
  put_number(bits, n, extra);
}

/// Reads what the put functions wrote.
class BitCursor {
 public:
  BitCursor(const Bytes& bytes, std::size_t at) : bytes_(bytes), bit_(8 * at) {}

  bool next() {
    const bool bit = ((bytes_.at(bit_ / 8) >> (bit_ % 8)) & 1) != 0;
    ++bit_;
    return bit;
  }
  std::size_t number(unsigned width) {
    std::size_t number = 0;
    for (unsigned b = 0; b < width; ++b) number |= static_cast<std::size_t>(next()) << b;
    return number;
  }
  std::size_t gamma() {
    unsigned extra = 0;
    while (!next()) ++extra;
    return (std::size_t{1} << extra) + number(extra);
  }

 private:
  const Bytes& bytes_;
  std::size_t bit_;
};

/// The codes of qsgd's reference, coded once more.
class QsgdEliasReference final : public Reference {
 public:
  explicit QsgdEliasReference(QsgdOptions options) : o_(options), fixed_(qsgd_reference(options)) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    const Bytes fixed = fixed_->encode(x, key);
    Bytes bytes;
    Bits bits;
    for (std::size_t start = 0, at = 0; start < x.size(); start += o_.bucket) {
      const std::size_t n = std::min(o_.bucket, x.size() - start);
      put_float(bytes, get_float(fixed, at));
      std::vector<int> levels;
      for (std::size_t i = 0; i < n; ++i) levels.push_back(get_code(fixed, at + 4, i, o_.bits));
      if (get_float(fixed, at) != 0) put_bucket(bits, levels);
      at += 4 + (n * o_.bits + 7) / 8;
    }
    bits.resize((bits.size() + 7) / 8 * 8);
    for (std::size_t i = 0; i < bits.size(); i += 8) {
      unsigned byte = 0;
      for (std::size_t b = 0; b < 8; ++b) byte |= static_cast<unsigned>(bits[i + b]) << b;
      bytes.push_back(static_cast<std::uint8_t>(byte));
    }
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey& key) const override {
    BitCursor cursor(bytes, (d + o_.bucket - 1) / o_.bucket * 4);
    Bytes fixed;
    for (std::size_t start = 0; start < d; start += o_.bucket) {
      const float norm = get_float(bytes, start / o_.bucket * 4);
      std::vector<int> levels(std::min(o_.bucket, d - start));
      if (norm != 0) get_bucket(cursor, levels);
      put_float(fixed, norm);
      put_codes(fixed, levels, o_.bits);
    }
    return fixed_->decode(fixed, d, key);
  }

  std::optional<double> expected_error(const Floats& x) const override { return fixed_->expected_error(x); }

 private:
  void put_bucket(Bits& bits, const std::vector<int>& levels) const {
    std::vector<Bits> forms(3);
    std::size_t zeros = 0;
    for (const int level : levels) {
      const auto magnitude = static_cast<std::size_t>(std::abs(level));
      put_gamma(forms[1], magnitude + 1);
      if (level != 0) forms[1].push_back(level < 0);
      put_number(forms[2], static_cast<std::size_t>(level), o_.bits);
      if (level == 0) {
        ++zeros;
        continue;
      }
      put_gamma(forms[0], zeros + 1);
      forms[0].push_back(level < 0);
      put_gamma(forms[0], magnitude);
      zeros = 0;
    }
    put_gamma(forms[0], zeros + 1);
    const auto shorter = [](const Bits& a, const Bits& b) { return a.size() < b.size(); };
    const auto best = std::min_element(forms.begin(), forms.end(), shorter);
    put_number(bits, static_cast<std::size_t>(best - forms.begin()), 2);
    bits.insert(bits.end(), best->begin(), best->end());
  }

  void get_bucket(BitCursor& cursor, std::vector<int>& levels) const {
    const std::size_t form = cursor.number(2);
    if (form == 0) {
      for (std::size_t i = cursor.gamma() - 1; i < levels.size(); i += cursor.gamma()) {
        const int sign = cursor.next() ? -1 : 1;
        levels[i] = sign * static_cast<int>(cursor.gamma());
      }
      return;
    }
    for (int& level : levels) {
      if (form == 1) {
        level = static_cast<int>(cursor.gamma()) - 1;
        if (level != 0 && cursor.next()) level = -level;
      } else {
        level = static_cast<int>(cursor.number(o_.bits));
        if (level >= 1 << (o_.bits - 1)) level -= 1 << o_.bits;
      }
    }
  }

  QsgdOptions o_;
  ReferencePointer fixed_;
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

class ClipReference final : public Deterministic {
 public:
  explicit ClipReference(int mantissa) : mantissa_(mantissa) {}

  Bytes encode(const Floats& x, const base::RandomKey&) const override {
    Bytes bytes;
    std::vector<int> codes;
    for (const float v : x) {
      // The magnitude in units of its last kept digit, which has no value below that of the smallest normal floats.
      const double magnitude = std::abs(static_cast<double>(v));
      const int e = magnitude < kSmallestNormal ? -126 : std::ilogb(magnitude);
      const int digits = static_cast<int>(std::floor(std::ldexp(magnitude, mantissa_ - e)));
      const int biased = magnitude < kSmallestNormal ? 0 : e + 127;
      const int kept = biased == 0 ? digits : digits - (1 << mantissa_);
      codes.push_back((std::signbit(v) ? 1 << (8 + mantissa_) : 0) + (biased << mantissa_) + kept);
    }
    put_codes(bytes, codes, static_cast<unsigned>(9 + mantissa_));
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    for (std::size_t i = 0; i < d; ++i) {
      const int code = get_code(bytes, 0, i, static_cast<unsigned>(9 + mantissa_));
      const int magnitude = code & ((1 << (8 + mantissa_)) - 1);
      const int biased = magnitude >> mantissa_, kept = magnitude & ((1 << mantissa_) - 1);
      const int digits = biased == 0 ? kept : kept + (1 << mantissa_);
      const double value = std::ldexp(digits, std::max(biased, 1) - 127 - mantissa_);
      x.push_back(static_cast<float>(code < 0 ? -value : value));
    }
    return x;
  }

 private:
  int mantissa_;
};

class LabReference final : public Deterministic {
 public:
  LabReference(std::size_t block, double limit) : block_(block), limit_(limit), signs_(sign_reference(block)) {}

  Bytes encode(const Floats& x, const base::RandomKey&) const override {
    Bytes bytes;
    for (std::size_t start = 0; start < x.size(); start += block_) {
      const std::size_t n = std::min(block_, x.size() - start);
      const double sum = sum_in_order(x, start, start + n, [](double v) { return std::abs(v); });
      const double mean = sum / static_cast<double>(n);
      double alpha = sum > 0 ? ordered_sum_of_squares(x.data() + start, n) / sum : 0;
      if (alpha > limit_ * mean) alpha = limit_ * mean;
      if (alpha < mean) alpha = mean;
      const auto scale = static_cast<float>(alpha);
      const bool zero = scale < kSmallestNormal;
      put_float(bytes, zero ? 0.0f : scale);
      Bytes bits((n + 7) / 8);
      for (std::size_t i = 0; i < n && !zero; ++i)
        if (x[start + i] < 0) bits[i / 8] |= static_cast<std::uint8_t>(1 << (i % 8));
      bytes.insert(bytes.end(), bits.begin(), bits.end());
    }
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey& key) const override {
    return signs_->decode(bytes, d, key);
  }

 private:
  std::size_t block_;
  double limit_;
  ReferencePointer signs_;
};

}  // namespace

ReferencePointer qsgd_elias_reference(QsgdOptions options) {
  return std::make_unique<QsgdEliasReference>(options);
}
ReferencePointer clip_reference(int mantissa) {
  return std::make_unique<ClipReference>(mantissa);
}
ReferencePointer lab_reference(std::size_t block, double limit) {
  return std::make_unique<LabReference>(block, limit);
}

}  // namespace parley::compression::test
