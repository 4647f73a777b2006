#include "sign_family_reference.h"

#include <algorithm>

#include "reference_parts.h"

namespace parley::compression::test {
namespace {

class SignsgdReference final : public DeterministicReference {
 public:
  explicit SignsgdReference(float scale) : scale_(scale) {}

  Bytes encode(const Floats& x, const base::RandomKey&) const override {
    Bytes bytes;
    if (x.empty()) return bytes;
    std::vector<unsigned> bits;
    for (const float v : x) bits.push_back(v < 0 ? 1 : 0);
    bits.push_back(std::any_of(x.begin(), x.end(), [](float v) { return v != 0; }) ? 1 : 0);
    append_codes(bytes, bits, 1);
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x;
    for (std::size_t i = 0; i < d; ++i)
      x.push_back(code_at(bytes, 0, d, 1) == 0 ? 0.0f : code_at(bytes, 0, i, 1) != 0 ? -scale_ : scale_);
    return x;
  }

 private:
  float scale_;
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

}  // namespace

ReferencePointer signsgd_reference(float scale) {
  return std::make_unique<SignsgdReference>(scale);
}
ReferencePointer onebit_reference(std::size_t block) {
  return std::make_unique<OnebitReference>(block);
}

}  // namespace parley::compression::test
