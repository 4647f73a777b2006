#include "eden_reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace parley::compression::test {

std::vector<double> eden_points(unsigned bits) {
  // Lloyd-Max quantisers of the normal distribution (Max 1960), except that one bit has no use for its 0.797885.
  switch (bits) {
    case 1:
      return {1};
    case 2:
      return {0.452780, 1.510418};
    case 3:
      return {0.245094, 0.756005, 1.343909, 2.151946};
    default:
      return {0.128395, 0.388048, 0.656759, 0.942340, 1.256231, 1.618046, 2.069017, 2.732590};
  }
}

namespace {

class EdenReference final : public Reference {
 public:
  explicit EdenReference(EdenOptions options) : o_(options) {
    for (const double point : eden_points(o_.bits)) points_.push_back(static_cast<float>(point));
    const std::vector<double> exact = eden_points(o_.bits);
    for (std::size_t j = 0; j + 1 < exact.size(); ++j)
      limits_.push_back(static_cast<float>((exact[j] + exact[j + 1]) / 2));
  }

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    Bytes bytes;
    std::size_t at = 0;
    for (const std::size_t length : pieces(x.size())) {
      const Floats piece(x.begin() + static_cast<std::ptrdiff_t>(at),
                         x.begin() + static_cast<std::ptrdiff_t>(at + length));
      put_piece(piece, key, index_of(at, x.size()), bytes);
      at += length;
    }
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey& key) const override {
    Floats x;
    std::size_t at = 0;
    for (const std::size_t length : pieces(d)) {
      const std::size_t order = order_of(length);
      float scale;
      std::memcpy(&scale, bytes.data() + at, 4);
      Floats r(order);
      int e = 0;
      const auto mantissa = static_cast<float>(std::frexp(static_cast<double>(scale), &e));
      for (std::size_t i = 0; i < order && scale != 0; ++i) {
        unsigned code = 0;
        for (unsigned b = 0; b < o_.bits; ++b) {
          const std::size_t bit = i * o_.bits + b;
          code |= ((bytes[at + 4 + bit / 8] >> (bit % 8)) & 1u) << b;
        }
        const unsigned half = 1u << (o_.bits - 1);
        r[i] = code < half ? mantissa * points_[code] : -(mantissa * points_[2 * half - 1 - code]);
      }
      const std::size_t index = index_of(x.size(), d);
      hadamard(r);
      flip(r, key, index, 1);
      hadamard(r);
      flip(r, key, index, 0);
      for (std::size_t i = 0; i < length; ++i) {
        const double v = static_cast<double>(
            static_cast<float>(std::ldexp(static_cast<double>(r[i]) / static_cast<double>(order), e)));
        const double largest = std::numeric_limits<float>::max();
        x.push_back(static_cast<float>(std::clamp(v, -largest, largest)));
      }
      at += 4 + order * o_.bits / 8;
    }
    return x;
  }

  std::optional<double> expected_error(const Floats& x) const override {
    if (x.empty()) return 0;
    return std::nullopt;
  }

 private:
  std::vector<std::size_t> pieces(std::size_t d) const {
    std::vector<std::size_t> lengths(d / o_.block, o_.block);
    d %= o_.block;
    for (std::size_t power = o_.block / 2; power >= 64; power /= 2) {
      if (d >= power) lengths.push_back(power), d -= power;
    }
    if (d > 0) lengths.push_back(d);
    return lengths;
  }
  std::size_t index_of(std::size_t at, std::size_t d) const {
    std::size_t index = 0, passed = 0;
    for (const std::size_t length : pieces(d)) {
      if (passed >= at) break;
      passed += length;
      ++index;
    }
    return index;
  }
  static std::size_t order_of(std::size_t length) {
    std::size_t order = 16;
    while (order < length) order *= 2;
    return order;
  }

  static void hadamard(Floats& v) {
    for (std::size_t h = 1; h < v.size(); h *= 2)
      for (std::size_t i = 0; i < v.size(); ++i) {
        if ((i & h) != 0) continue;
        const float a = v[i], b = v[i + h];
        v[i] = a + b;
        v[i + h] = a - b;
      }
  }

  void flip(Floats& v, const base::RandomKey& key, std::size_t piece, std::size_t which) const {
    const std::size_t groups = (o_.block + 1023) / 1024, words = 16 * ((v.size() + 511) / 512);
    for (std::size_t i = 0; i < v.size(); ++i) {
      const std::size_t word = which * words + i / 512 * 16 + i % 16;
      const auto bits = random_word(key, static_cast<std::uint32_t>(16 * groups * piece), word);
      if (((bits >> (i / 16 % 32)) & 1) != 0) v[i] = -v[i];
    }
  }

  static float halved(float (&sums)[16]) {
    for (std::size_t half = 8; half > 0; half /= 2)
      for (std::size_t j = 0; j < half; ++j) sums[j] += sums[half + j];
    return sums[0];
  }

  void put_piece(const Floats& x, const base::RandomKey& key, std::size_t index, Bytes& bytes) const {
    const std::size_t order = order_of(x.size());
    const std::size_t end = bytes.size() + 4 + order * o_.bits / 8;
    float largest = 0;
    for (const float v : x) largest = std::max(largest, std::abs(v));
    if (largest < std::numeric_limits<float>::min()) {
      bytes.resize(end);
      return;
    }
    const int e = std::ilogb(largest);
    Floats r(order);
    for (std::size_t i = 0; i < x.size(); ++i) r[i] = static_cast<float>(std::ldexp(static_cast<double>(x[i]), -e));
    flip(r, key, index, 0);
    hadamard(r);
    flip(r, key, index, 1);
    hadamard(r);
    float squares[16] = {}, products[16] = {}, of_points[16] = {};
    for (std::size_t i = 0; i < order; ++i) {
      const volatile float square = r[i] * r[i];
      squares[i % 16] = squares[i % 16] + square;
    }
    const float square = halved(squares);
    const auto inverse = static_cast<float>(std::sqrt(static_cast<double>(order) / static_cast<double>(square)));
    std::vector<unsigned> codes;
    for (std::size_t i = 0; i < order; ++i) {
      const float normal = std::abs(r[i]) * inverse;
      const auto cell = static_cast<std::size_t>(
          std::count_if(limits_.begin(), limits_.end(), [&](float limit) { return normal > limit; }));
      const volatile float product = points_[cell] * std::abs(r[i]), point = points_[cell] * points_[cell];
      products[i % 16] = products[i % 16] + product;
      of_points[i % 16] = of_points[i % 16] + point;
      codes.push_back(static_cast<unsigned>(r[i] < 0 ? (1u << o_.bits) - 1 - cell : cell));
    }
    const double product = halved(products), of_point = halved(of_points);
    const double unit = o_.contractive ? product / of_point : static_cast<double>(square) / product;
    const double wanted = std::ldexp(unit / static_cast<double>(order), e);
    const auto scale = static_cast<float>(std::min(wanted, static_cast<double>(std::numeric_limits<float>::max())));
    if (scale < std::numeric_limits<float>::min()) {
      bytes.resize(end);
      return;
    }
    std::uint8_t raw[4];
    std::memcpy(raw, &scale, 4);
    bytes.insert(bytes.end(), raw, raw + 4);
    const std::size_t start = bytes.size();
    bytes.resize(end);
    for (std::size_t i = 0; i < order * o_.bits; ++i)
      if (((codes[i / o_.bits] >> (i % o_.bits)) & 1) != 0)
        bytes[start + i / 8] = static_cast<std::uint8_t>(bytes[start + i / 8] | (1 << (i % 8)));
  }

  EdenOptions o_;
  Floats points_, limits_;
};

}  // namespace

ReferencePointer eden_reference(EdenOptions options) {
  return std::make_unique<EdenReference>(options);
}

}  // namespace parley::compression::test
