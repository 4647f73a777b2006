#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "atoms_reference.h"

namespace parley::compression::test {
namespace {

using Table = std::vector<std::vector<double>>;

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

/// Rows of the result are eigenvectors of g, by Jacobi's rotations in the order of the rows.
Table eigenvectors(Table g) {
  const std::size_t order = g.size();
  Table v(order, std::vector<double>(order));
  for (std::size_t i = 0; i < order; ++i) v[i][i] = 1;
  for (int round = 0; round < 30; ++round) {
    double off = 0, all = 0;
    for (std::size_t i = 0; i < order; ++i)
      for (std::size_t j = 0; j < order; ++j) {
        all += g[i][j] * g[i][j];
        if (i != j) off += g[i][j] * g[i][j];
      }
    if (off <= std::ldexp(all, -80)) break;
    for (std::size_t p = 0; p < order; ++p)
      for (std::size_t q = p + 1; q < order; ++q) {
        if (g[p][q] == 0) continue;
        const double tau = (g[q][q] - g[p][p]) / (2 * g[p][q]);
        const double t = (tau >= 0 ? 1.0 : -1.0) / (std::abs(tau) + std::sqrt(1 + tau * tau));
        const double c = 1 / std::sqrt(1 + t * t), s = t * c;
        const auto turn = [&](double& a, double& b) {
          const double first = c * a - s * b, second = s * a + c * b;
          a = first;
          b = second;
        };
        for (std::size_t i = 0; i < order; ++i) turn(g[p][i], g[q][i]);
        for (std::size_t i = 0; i < order; ++i) turn(g[i][p], g[i][q]);
        for (std::size_t i = 0; i < order; ++i) turn(v[p][i], v[q][i]);
      }
  }
  return v;
}

/// For vectors that are one panel: at most 256 rows.
class AtomoSvdReference final : public Reference {
 public:
  AtomoSvdReference(double budget, bool contractive) : budget_(budget), contractive_(contractive) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    Bytes bytes;
    const auto [m, n] = shape(x.size());
    if (is_decomposed(m, n)) {
      put_panel(Floats(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(m * n)), m, n, random_word(key, 0, 0), bytes);
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
    if (is_decomposed(m, n)) {
      const int exponent = bytes[at++];
      const std::size_t count = exponent == 0 ? 0 : bytes[at] + std::size_t{256} * bytes[at + 1];
      if (exponent != 0) at += 2;
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < n; ++j) {
          float sum = 0;
          for (std::size_t k = 0; k < count; ++k) {
            const volatile float product =
                get(bytes, at + 4 * (k * m + i)) * get(bytes, at + 4 * (count * m + k * n + j));
            sum = k == 0 ? product : sum + product;
          }
          const double v = static_cast<float>(std::ldexp(static_cast<double>(sum), exponent - 127));
          constexpr double kLargest = std::numeric_limits<float>::max();
          x[i * n + j] = static_cast<float>(std::clamp(v, -kLargest, kLargest));
        }
      at += 4 * count * (m + n);
    } else {
      for (std::size_t i = 0; i < m * n; ++i, at += 4) x[i] = get(bytes, at);
    }
    for (std::size_t i = m * n; i < d; ++i, at += 4) x[i] = get(bytes, at);
    return x;
  }

  std::optional<double> expected_error(const Floats& x) const override {
    // In real numbers, from the singular values and the paper's algorithm.
    const auto [m, n] = shape(x.size());
    if (!is_decomposed(m, n)) return 0;
    double largest = 0, energy = 0, second = 0;
    Floats matrix(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(m * n));
    for (const float v : matrix) largest = std::max(largest, std::abs(static_cast<double>(v)));
    if (largest == 0) return 0;
    const Table u = eigenvectors(gram(matrix, m, n, 1 / largest));
    std::vector<double> sigma;
    for (const auto& unit : u) {
      double square = 0;
      for (std::size_t i = 0; i < std::max(m, n); ++i) {
        double a = 0;
        for (std::size_t k = 0; k < unit.size(); ++k)
          a += unit[k] * static_cast<double>(m <= n ? matrix[k * n + i] : matrix[i * n + k]) / largest;
        square += a * a;
      }
      sigma.push_back(std::sqrt(square));
      energy += square;
    }
    // Below 1e-7 of the whole, values are roundings of float and not of the matrix.
    for (double& s : sigma) s = s * s < 1e-12 * energy ? 0 : s;
    const std::vector<double> p = atomo_probabilities(sigma, budget_);
    for (std::size_t k = 0; k < sigma.size(); ++k) second += sigma[k] == 0 ? 0 : sigma[k] * sigma[k] / p[k];
    const double scale = largest * largest;
    if (largest < std::numeric_limits<float>::min()) return energy * scale;
    return scale * (contractive_ ? energy * (1 - std::min(1.0, energy / second)) : second - energy);
  }

 private:
  static std::pair<std::size_t, std::size_t> shape(std::size_t d) {
    std::size_t m = 0;
    while ((m + 1) * (m + 1) <= d) ++m;
    return {m, m == 0 ? 0 : d / m};
  }
  bool is_decomposed(std::size_t m, std::size_t n) const {
    const auto most = static_cast<std::size_t>(std::ceil(budget_));
    return most * (m + n) < m * n && most < std::min(m, n);
  }

  static Table gram(const Floats& x, std::size_t m, std::size_t n, double scale) {
    const std::size_t side = std::min(m, n), other = std::max(m, n);
    Table g(side, std::vector<double>(side));
    for (std::size_t i = 0; i < side; ++i)
      for (std::size_t j = 0; j < side; ++j)
        for (std::size_t k = 0; k < other; ++k)
          g[i][j] += (static_cast<double>(m <= n ? x[i * n + k] : x[k * n + i]) * scale) *
                     (static_cast<double>(m <= n ? x[j * n + k] : x[k * n + j]) * scale);
    return g;
  }

  void put_panel(const Floats& x, std::size_t m, std::size_t n, std::uint32_t word, Bytes& bytes) const {
    float largest = 0;
    for (const float v : x) largest = std::max(largest, std::abs(v));
    if (largest < std::numeric_limits<float>::min()) {
      bytes.push_back(0);
      return;
    }
    const int e = std::ilogb(largest);
    const std::size_t side = std::min(m, n), other = std::max(m, n);
    const Table vectors = eigenvectors(gram(x, m, n, std::ldexp(1.0, -e)));
    std::vector<Floats> units, sizes;
    Floats lengths;
    double energy = 0;
    for (const auto& vector : vectors) {
      const Floats unit(vector.begin(), vector.end());
      Floats a(other);
      for (std::size_t i = 0; i < other; ++i) {
        // Rows are added one by one; products with rows of the matrix in sixteen sums.
        float sums[16] = {};
        for (std::size_t k = 0; k < side; ++k) {
          const float value = m <= n ? x[k * n + i] : x[i * n + k];
          const auto scaled = static_cast<float>(std::ldexp(static_cast<double>(value), -e));
          const volatile float product = scaled * unit[k];
          float& sum = sums[m <= n ? 0 : k % 16];
          sum = sum + product;
        }
        for (std::size_t half = 8; half > 0; half /= 2)
          for (std::size_t j = 0; j < half; ++j) sums[j] += sums[half + j];
        a[i] = sums[0];
      }
      double squares[16] = {};
      for (std::size_t i = 0; i < other; ++i) squares[i % 16] += static_cast<double>(a[i]) * static_cast<double>(a[i]);
      for (std::size_t half = 8; half > 0; half /= 2)
        for (std::size_t j = 0; j < half; ++j) squares[j] += squares[half + j];
      energy += squares[0];
      lengths.push_back(static_cast<float>(std::sqrt(squares[0])));
      units.push_back(unit);
      sizes.push_back(a);
    }
    const AtomSplit atoms = balanced(lengths, budget_);
    const double second = atoms.energy + static_cast<double>(atoms.threshold) * atoms.length;
    const double factor = contractive_ ? std::min(1.0, energy / second) : 1.0;
    double reached = std::ldexp(static_cast<double>(word / 2), -31);
    std::vector<Floats> p, q;
    for (std::size_t k = 0; k < side && p.size() < static_cast<std::size_t>(std::ceil(budget_)); ++k) {
      if (lengths[k] == 0) continue;
      const double probability =
          lengths[k] >= atoms.threshold ? 1.0 : static_cast<double>(lengths[k]) / static_cast<double>(atoms.threshold);
      const double before = std::floor(reached);
      reached += probability;
      if (std::floor(reached) == before) continue;
      const auto weight = static_cast<float>(factor / probability);
      for (float& a : sizes[k]) a *= weight;
      p.push_back(m <= n ? units[k] : sizes[k]);
      q.push_back(m <= n ? sizes[k] : units[k]);
    }
    bytes.push_back(static_cast<std::uint8_t>(e + 127));
    bytes.push_back(static_cast<std::uint8_t>(p.size()));
    bytes.push_back(0);
    for (const auto* factors : {&p, &q})
      for (const Floats& column : *factors)
        for (const float value : column) put(bytes, value);
  }

  double budget_;
  bool contractive_;
};

}  // namespace

ReferencePointer atomo_svd_reference(double budget, bool contractive) {
  return std::make_unique<AtomoSvdReference>(budget, contractive);
}

}  // namespace parley::compression::test
