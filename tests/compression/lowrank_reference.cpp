#include "lowrank_reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "sum_in_order.h"

namespace parley::compression::test {
namespace {

using Columns = std::vector<Floats>;  // a vector for each k

void put(Bytes& bytes, float value) {
  std::uint8_t raw[4];
  std::memcpy(raw, &value, 4);
  bytes.insert(bytes.end(), raw, raw + 4);
}

class LowrankReference final : public Reference {
 public:
  explicit LowrankReference(std::size_t rank) : r_(rank) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    Bytes bytes;
    const auto [m, n] = shape(x.size());
    if (is_factored(m, n)) {
      put_matrix(Floats(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(m * n)), m, n, key, bytes);
    } else {
      for (std::size_t i = 0; i < m * n; ++i) put(bytes, x[i]);
    }
    for (std::size_t i = m * n; i < x.size(); ++i) put(bytes, x[i]);
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    const auto [m, n] = shape(d);
    Floats x(d);
    std::size_t at = 0;
    const auto next = [&] {
      float value;
      std::memcpy(&value, bytes.data() + at, 4);
      at += 4;
      return value;
    };
    if (is_factored(m, n)) {
      const int exponent = bytes[at++];
      Columns p(r_, Floats(m)), q(r_, Floats(n));
      for (Floats& column : p) std::generate(column.begin(), column.end(), next);
      for (Floats& column : q) std::generate(column.begin(), column.end(), next);
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < n; ++j) {
          float sum = p[0][i] * q[0][j];
          for (std::size_t k = 1; k < r_; ++k) {
            const volatile float product = p[k][i] * q[k][j];  // volatile: rounded here
            sum = sum + product;
          }
          const double value =
              exponent == 0 ? 0 : static_cast<float>(std::ldexp(static_cast<double>(sum), exponent - 127));
          const double largest = std::numeric_limits<float>::max();
          x[i * n + j] = static_cast<float>(std::clamp(value, -largest, largest));
        }
    } else {
      for (std::size_t i = 0; i < m * n; ++i) x[i] = next();
    }
    for (std::size_t i = m * n; i < d; ++i) x[i] = next();
    return x;
  }

  std::optional<double> expected_error(const Floats& x) const override {
    const auto [m, n] = shape(x.size());
    if (is_factored(m, n)) return std::nullopt;
    return 0;
  }

 private:
  static std::pair<std::size_t, std::size_t> shape(std::size_t d) {
    std::size_t m = 0;
    while ((m + 1) * (m + 1) <= d) ++m;
    return {m, m == 0 ? 0 : d / m};
  }
  bool is_factored(std::size_t m, std::size_t n) const { return r_ * (m + n) < m * n; }

  void put_matrix(Floats x, std::size_t m, std::size_t n, const base::RandomKey& key, Bytes& bytes) const {
    float largest = 0;
    for (const float v : x) largest = std::max(largest, std::abs(v));
    if (largest < std::numeric_limits<float>::min()) {
      bytes.resize(bytes.size() + 1 + 4 * r_ * (m + n));
      return;
    }
    const int e = std::ilogb(largest);
    bytes.push_back(static_cast<std::uint8_t>(e + 127));
    // Energies are summed in chunks of 4096, sixteen sums in turn.
    double energy = 0;
    for (std::size_t start = 0; start < x.size(); start += 4096)
      energy += energy_of(x, start, std::min(x.size(), start + 4096));
    for (float& v : x) v = static_cast<float>(std::ldexp(static_cast<double>(v), -e));
    Columns q(r_, Floats(n));
    for (std::size_t k = 0; k < r_; ++k)
      for (std::size_t j = 0; j < n; ++j) q[k][j] = (random_word(key, 0, k * n + j) % 2) != 0 ? -1.0f : 1.0f;
    Columns p = orthonormal(times(x, m, n, q));
    q = transposed_times(x, m, n, p);
    Floats all;
    for (const Floats& column : q) all.insert(all.end(), column.begin(), column.end());
    const double share = static_cast<double>(r_) / static_cast<double>(std::min(m, n));
    if (energy_of(all, 0, all.size()) < share * std::ldexp(energy, -2 * e)) {
      p = orthonormal(heaviest(x, m, n, e));
      q = transposed_times(x, m, n, p);
    }
    for (const Columns* factor : {&p, &q})
      for (const Floats& column : *factor)
        for (const float v : column) put(bytes, v);
  }

  static double energy_of(const Floats& x, std::size_t from, std::size_t to) {
    return sum_in_order(x, from, to, [](double v) { return v * v; });
  }

  static Columns times(const Floats& x, std::size_t m, std::size_t n, const Columns& q) {
    Columns p;
    for (const Floats& column : q) {
      p.emplace_back(m);
      for (std::size_t i = 0; i < m; ++i) {
        float sums[16] = {};
        for (std::size_t j = 0; j < n; ++j) {
          const volatile float product = x[i * n + j] * column[j];
          sums[j % 16] = sums[j % 16] + product;
        }
        for (std::size_t half = 8; half > 0; half /= 2)
          for (std::size_t j = 0; j < half; ++j) sums[j] += sums[half + j];
        p.back()[i] = sums[0];
      }
    }
    return p;
  }

  static Columns transposed_times(const Floats& x, std::size_t m, std::size_t n, const Columns& p) {
    Columns q;
    for (const Floats& column : p) {
      q.emplace_back(n);
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < n; ++j) {
          const volatile float product = x[i * n + j] * column[i];
          q.back()[j] = q.back()[j] + product;
        }
    }
    return q;
  }

  static Columns orthonormal(const Columns& vectors) {
    std::vector<std::vector<double>> basis;
    const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
      double sum = 0;
      for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
      return sum;
    };
    Columns result;
    for (const Floats& vector : vectors) {
      std::vector<double> v(vector.begin(), vector.end());
      const double before = std::sqrt(dot(v, v));
      for (int pass = 0; pass < 2; ++pass)
        for (const auto& other : basis) {
          const double share = dot(v, other);
          for (std::size_t i = 0; i < v.size(); ++i) v[i] -= share * other[i];
        }
      const double after = std::sqrt(dot(v, v));
      for (double& value : v) value = after <= 1e-6 * before ? 0 : value / after;
      basis.push_back(v);
      result.emplace_back(v.begin(), v.end());
    }
    return result;
  }

  /// The columns of most energy, or the places of the rows of most. x is divided by 2^e, which does not lose the order
  /// unless a value becomes denormal.
  Columns heaviest(const Floats& x, std::size_t m, std::size_t n, int e) const {
    const bool rows = m < n;
    std::vector<double> energies(std::min(m, n));
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < n; ++j)
        energies[rows ? i : j] += std::pow(std::ldexp(static_cast<double>(x[i * n + j]), e), 2);
    std::vector<std::size_t> order(energies.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return energies[a] > energies[b]; });
    Columns p(r_, Floats(m));
    for (std::size_t k = 0; k < r_; ++k)
      for (std::size_t i = 0; i < m; ++i) p[k][i] = rows ? (i == order[k] ? 1.0f : 0.0f) : x[i * n + order[k]];
    return p;
  }

  std::size_t r_;
};

}  // namespace

ReferencePointer lowrank_reference(std::size_t rank) {
  return std::make_unique<LowrankReference>(rank);
}

}  // namespace parley::compression::test
