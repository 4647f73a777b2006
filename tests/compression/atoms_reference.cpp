#include "atoms_reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <numeric>

#include "sparse_reference.h"
#include "sum_in_order.h"

namespace parley::compression::test {
namespace {

constexpr double kLargest = std::numeric_limits<float>::max();

void put(Bytes& bytes, float value) {
  std::uint8_t raw[4];
  std::memcpy(raw, &value, 4);
  bytes.insert(bytes.end(), raw, raw + 4);
}

float get(const Bytes& bytes, std::size_t at) {
  float value;
  std::memcpy(&value, bytes.data() + at, 4);
  return value;
}

double energy_of(const std::vector<double>& c) {
  return std::inner_product(c.begin(), c.end(), c.begin(), 0.0);
}

class SketchReference final : public Reference {
 public:
  explicit SketchReference(SketchOptions options) : o_(options) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    const std::size_t columns = columns_of(x.size());
    Bytes bytes;
    for (std::size_t row = 0; row < o_.rows && !x.empty(); ++row) {
      std::vector<double> table(columns);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const auto [column, sign] = place(row, i, x.size(), key);
        table[column] += sign * static_cast<double>(x[i]);
      }
      for (const double sum : table) put(bytes, static_cast<float>(std::clamp(sum, -kLargest, kLargest)));
    }
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey& key) const override {
    Floats x(d);
    const auto factor = static_cast<float>(o_.contractive ? 1 / (1 + omega(d)) : 1.0);
    for (std::size_t i = 0; i < d; ++i) {
      Floats estimates;
      for (std::size_t row = 0; row < o_.rows; ++row) {
        const auto [column, sign] = place(row, i, d, key);
        estimates.push_back(static_cast<float>(sign) * get(bytes, 4 * (row * columns_of(d) + column)));
      }
      std::sort(estimates.begin(), estimates.end());
      x[i] = factor * estimates[o_.rows / 2];
    }
    return x;
  }

  std::optional<double> expected_error(const Floats& x) const override {
    if (o_.rows > 1) return std::nullopt;
    // Every other coordinate falls into the same place with probability 1/columns.
    const double energy = energy_of(std::vector<double>(x.begin(), x.end()));
    if (x.size() <= 1) return 0;
    const double variance = static_cast<double>(x.size() - 1) / static_cast<double>(columns_of(x.size())) * energy;
    const double c = o_.contractive ? 1 / (1 + omega(x.size())) : 1;
    return c * c * variance + (1 - c) * (1 - c) * energy;
  }

 private:
  std::size_t columns_of(std::size_t d) const {
    return std::max<std::size_t>(1, Kept{.ratio = o_.ratio}.of(d) / o_.rows);
  }
  double omega(std::size_t d) const {
    return d <= 1 ? 0 : static_cast<double>(d - 1) * (1 / static_cast<double>(columns_of(d)) + std::ldexp(1.0, -31));
  }
  std::pair<std::size_t, double> place(std::size_t row, std::size_t i, std::size_t d,
                                       const base::RandomKey& key) const {
    const std::size_t first_block = 16 * row * ((d + 63) / 64);
    const std::uint32_t word = random_word(key, static_cast<std::uint32_t>(first_block), i);
    const std::size_t columns = columns_of(d);
    return {static_cast<std::size_t>((std::uint64_t{word / 2} * columns) / (std::uint64_t{1} << 31)),
            word % 2 == 1 ? -1.0 : 1.0};
  }

  SketchOptions o_;
};

/// Element i of vector j of a basis of 64.
double element(AtomBasis basis, std::size_t j, std::size_t i) {
  if (j == 0) return 0.125;
  if (basis == AtomBasis::dct)
    return std::sqrt(2.0 / 64) * std::cos(std::numbers::pi * static_cast<double>((2 * i + 1) * j) / 128);
  const int level = std::ilogb(static_cast<double>(j));  // 2^level wavelets of 64 / 2^level coordinates
  const std::size_t width = std::size_t{64} >> level, start = (j - (std::size_t{1} << level)) * width;
  if (i < start || i >= start + width) return 0;
  return (i < start + width / 2 ? 1 : -1) / std::sqrt(static_cast<double>(width));
}

AtomSplit split_at(const Floats& c, float threshold) {
  AtomSplit split{.threshold = threshold};
  const auto is_exact = [&](double v) { return std::abs(v) >= static_cast<double>(threshold); };
  for (const float v : c) split.exact += is_exact(static_cast<double>(v)) ? 1 : 0;
  split.energy = sum_in_order(c, 0, c.size(), [&](double v) { return is_exact(v) ? v * v : 0; });
  split.length = sum_in_order(c, 0, c.size(), [&](double v) { return is_exact(v) ? 0 : std::abs(v); });
  return split;
}

class AtomoReference final : public Reference {
 public:
  explicit AtomoReference(AtomoOptions options) : o_(options) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    if (x.empty()) return {};
    float largest = 0;
    for (const float v : x) largest = std::max(largest, std::abs(v));
    if (largest < std::numeric_limits<float>::min()) return {0};
    const int e = std::ilogb(largest);
    const Floats c = analysed(x, e);
    const AtomSplit atoms = balanced(c, budget(c.size()));
    const double energy = sum_in_order(c, 0, c.size(), [](double v) { return v * v; });
    const double second = atoms.energy + static_cast<double>(atoms.threshold) * atoms.length;
    const auto factor = static_cast<float>(o_.contractive ? std::min(1.0, energy / second) : 1.0);
    Indices certain, drawn;
    Bytes values, signs;
    for (std::size_t i = 0; i < c.size(); ++i) {
      const float magnitude = std::abs(c[i]);
      if (c[i] != 0 && magnitude >= atoms.threshold) {
        certain.push_back(static_cast<std::uint32_t>(i));
        put(values, c[i] * factor);
      } else if (magnitude < atoms.threshold) {
        const auto per_unit = static_cast<float>(std::min(std::ldexp(1.0, 31) / static_cast<double>(atoms.threshold),
                                                          static_cast<double>(std::numeric_limits<float>::max())));
        const double chance = std::min(std::floor(static_cast<double>(magnitude * per_unit)), 2147483520.0);
        if (random_word(key, 0, i) / 2 >= chance) continue;
        if (drawn.size() % 8 == 0) signs.push_back(0);
        if (c[i] < 0) signs.back() = static_cast<std::uint8_t>(signs.back() | (1 << (drawn.size() % 8)));
        drawn.push_back(static_cast<std::uint32_t>(i));
      }
    }
    Bytes bytes = {static_cast<std::uint8_t>(e + 127)};
    put(bytes, atoms.threshold * factor);
    for (const Bytes& part : {encoded_indices(certain, x.size(), most_certain(x.size())), values,
                              encoded_indices(drawn, x.size(), x.size()), signs})
      bytes.insert(bytes.end(), part.begin(), part.end());
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    Floats x(d), c(d);
    if (d == 0 || bytes[0] == 0) return x;
    const int e = bytes[0] - 127;
    const float unit = get(bytes, 1);
    Bytes rest(bytes.begin() + 5, bytes.end());
    for (const std::uint32_t i : decoded_indices(rest, d, most_certain(d))) {
      c[i] = get(rest, 0);
      // The values follow all indices: taken one by one from the front.
      rest.erase(rest.begin(), rest.begin() + 4);
    }
    const Indices drawn = decoded_indices(rest, d, d);
    for (std::size_t j = 0; j < drawn.size(); ++j) c[drawn[j]] = ((rest[j / 8] >> (j % 8)) & 1) != 0 ? -unit : unit;
    const std::size_t whole = o_.basis == AtomBasis::entry ? 0 : d / 64 * 64;
    for (std::size_t i = 0; i < d; ++i) {
      float value = c[i];
      if (i < whole) {
        value = 0;
        for (std::size_t j = 0; j < 64; ++j) {
          const volatile float product = static_cast<float>(element(o_.basis, j, i % 64)) * c[i / 64 * 64 + j];
          value = value + product;
        }
      }
      const double v = static_cast<float>(std::ldexp(static_cast<double>(value), e));
      x[i] = static_cast<float>(std::clamp(v, -kLargest, kLargest));
    }
    return x;
  }

  std::optional<double> expected_error(const Floats& x) const override {
    // In real numbers, with the paper's algorithm.
    std::vector<double> c(x.begin(), x.end());
    if (o_.basis != AtomBasis::entry) {
      for (std::size_t start = 0; start + 64 <= x.size(); start += 64)
        for (std::size_t j = 0; j < 64; ++j) {
          c[start + j] = 0;
          for (std::size_t i = 0; i < 64; ++i)
            c[start + j] += element(o_.basis, j, i) * static_cast<double>(x[start + i]);
        }
    }
    const double energy = energy_of(c);
    double largest = 0;
    for (const float v : x) largest = std::max(largest, std::abs(static_cast<double>(v)));
    if (largest < std::numeric_limits<float>::min()) return energy;
    const std::vector<double> p = atomo_probabilities(c, budget(x.size()));
    double second = 0;
    for (std::size_t i = 0; i < c.size(); ++i)
      if (c[i] != 0) second += c[i] * c[i] / p[i];
    if (energy == 0) return 0;
    return o_.contractive ? energy * (1 - std::min(1.0, energy / second)) : second - energy;
  }

 private:
  double budget(std::size_t d) const {
    const double n = static_cast<double>(d);
    return std::min(n, o_.budget > 0 ? o_.budget : o_.ratio * n);
  }
  std::size_t most_certain(std::size_t d) const { return std::min(d, static_cast<std::size_t>(std::ceil(budget(d)))); }

  Floats analysed(const Floats& x, int e) const {
    Floats c;
    for (const float v : x) c.push_back(static_cast<float>(std::ldexp(static_cast<double>(v), -e)));
    if (o_.basis == AtomBasis::entry) return c;
    for (std::size_t start = 0; start + 64 <= c.size(); start += 64) {
      Floats block(64);
      for (std::size_t j = 0; j < 64; ++j)
        for (std::size_t i = 0; i < 64; ++i) {
          const volatile float product = static_cast<float>(element(o_.basis, j, i)) * c[start + i];
          block[j] = block[j] + product;
        }
      std::copy(block.begin(), block.end(), c.begin() + static_cast<std::ptrdiff_t>(start));
    }
    return c;
  }

  AtomoOptions o_;
};

}  // namespace

std::vector<double> atomo_probabilities(const std::vector<double>& coefficients, double budget) {
  std::vector<std::size_t> order(coefficients.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return std::abs(coefficients[a]) > std::abs(coefficients[b]); });
  // Sums of all from the t-th on, added from the smallest.
  std::vector<double> rest(order.size() + 1);
  for (std::size_t t = order.size(); t-- > 0;) rest[t] = rest[t + 1] + std::abs(coefficients[order[t]]);
  std::vector<double> p(coefficients.size());
  for (std::size_t t = 0; t < order.size() && rest[t] > 0; ++t) {
    if (budget * std::abs(coefficients[order[t]]) <= rest[t]) {
      for (std::size_t j = t; j < order.size(); ++j) p[order[j]] = budget * std::abs(coefficients[order[j]]) / rest[t];
      break;
    }
    p[order[t]] = 1;
    budget -= 1;
  }
  return p;
}

AtomSplit balanced(const Floats& coefficients, double budget) {
  AtomSplit split = split_at(coefficients, std::numeric_limits<float>::infinity());
  for (int pass = 0; pass < 100 && split.length > 0 && budget > split.exact; ++pass) {
    const double wanted = split.length / (budget - split.exact);
    auto next = static_cast<float>(wanted);
    if (static_cast<double>(next) > wanted) next = std::nextafter(next, 0.0f);
    if (next >= split.threshold) break;
    const double before = split.exact;
    split = split_at(coefficients, next);
    if (split.exact == before) break;
  }
  if (split.length <= 0) split.threshold = 0;
  return split;
}

ReferencePointer sketch_reference(SketchOptions options) {
  return std::make_unique<SketchReference>(options);
}
ReferencePointer atomo_reference(AtomoOptions options) {
  return std::make_unique<AtomoReference>(options);
}

}  // namespace parley::compression::test
