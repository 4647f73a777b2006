// atomo with basis = svd: matrices as random sums of their singular vectors.
//
//   payload := part*                          the panels of the matrices in their order
//   part    := floats                         a panel of no more floats than its atoms would take
//            | exponent:u8 [count:u16 P Q]    exponent 0: a panel without a normal float, and nothing follows
//   P, Q                                      count x m and count x n x f32, at most ceil(budget) of them
//
// A panel is a matrix of the layout (see coding/matrices.h), or 256 rows of one that has more rows and columns than
// that, because finding the vectors takes as long as the cube of the smaller side. Over the power of two of its largest
// magnitude it is the sum over k of u_k a_k^T, with u_k orthonormal vectors along the smaller side (eigenvectors, by
// Jacobi) and a_k the matrix times u_k. These atoms are orthogonal and their sum is exact even before Jacobi has
// converged; their sizes |a_k| are the singular values when it has. From coding/atoms.h come the probabilities p_k.
//
// Sampling is systematic: with the upper 31 bits of word i for panel i as t in [0, 1), atom k is sent when a whole
// number lies in (p_1 + ... + p_{k-1} + t, p_1 + ... + p_k + t]. So at most ceil(budget) are, each with probability
// p_k, as u_k and a_k/p_k. scaling = contractive multiplies by the best factor. Along the smaller side (rows, if equal)
// magnitudes are at most 2, along the other at most 2^50; the receiver refuses others.
#include "compression/atomo_svd.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "compression/coding/atoms.h"
#include "compression/coding/eigen.h"
#include "compression/coding/matrices.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/floats.h"
#include "compression/kernels/matrix.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::size_t kPanel = 256;
constexpr std::size_t kHeader = 1 + sizeof(std::uint16_t);
constexpr std::uint32_t kLargestUnit = 0x40000000;  // the bits of 2
constexpr std::uint32_t kLargestSize = 0x58800000;  // the bits of 2^50
constexpr std::uint32_t kSmallestNormal = std::uint32_t{1} << 23;

struct Panel {
  std::size_t offset, m, n;
  std::size_t most;  ///< atoms; 0: as it is

  std::size_t floats() const { return m * n; }
  std::size_t side() const { return std::min(m, n); }
  std::size_t largest() const { return most == 0 ? sizeof(float) * floats() : kHeader + atoms_size(most); }
  std::size_t atoms_size(std::size_t count) const { return sizeof(float) * count * (m + n); }
  /// The bytes at `from`; nothing if it is not so long.
  std::optional<std::size_t> size(std::span<const std::byte> from) const {
    if (most == 0) return from.size() < largest() ? std::nullopt : std::optional(largest());
    if (from.empty()) return std::nullopt;
    if (from[0] == std::byte{0}) return 1;
    if (from.size() < kHeader) return std::nullopt;
    const std::size_t bytes = kHeader + atoms_size(load<std::uint16_t>(from.data() + 1));
    return from.size() < bytes ? std::nullopt : std::optional(bytes);
  }
};

struct SvdState final : State {
  std::vector<double> gram, vectors;
  std::vector<float> units, sizes, lengths;  // u_k and a_k, one after the other, and |a_k|
  std::vector<float> p, q;
};

class AtomoSvd final : public Compressor {
 public:
  AtomoSvd(std::string spec, double budget, bool contractive, const base::ParameterLayout& layout)
      : spec_(std::move(spec)), budget_(budget), contractive_(contractive), matrices_(layout) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return atomo_row().wire_id; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<SvdState>(); }
  std::size_t max_payload_size(std::size_t d) const override {
    std::size_t bytes = 0;
    for_each_panel(d, [&](const Panel& panel) { bytes += panel.largest(); });
    return bytes;
  }
  Properties properties(std::size_t d) const override;

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  template <class Body>
  void for_each_panel(std::size_t d, Body body) const {
    const auto most = static_cast<std::size_t>(std::ceil(std::min(budget_, static_cast<double>(kPanel))));
    matrices_.for_each(d, [&](const Matrix& matrix) {
      const bool cut = std::min(matrix.m, matrix.n) > kPanel;
      const std::size_t step = cut ? kPanel : matrix.m;
      for (std::size_t row = 0; row < matrix.m; row += step) {
        Panel panel{matrix.offset + row * matrix.n, std::min(step, matrix.m - row), matrix.n, 0};
        if (most * (panel.m + panel.n) < panel.floats() && most < panel.side()) panel.most = most;
        body(panel);
      }
    });
  }
  std::byte* encode_panel(const float* x, const Panel& panel, std::uint32_t largest, std::uint32_t word, SvdState& own,
                          std::byte* to) const;

  std::string spec_;
  double budget_;
  bool contractive_;
  Matrices matrices_;
};

Properties AtomoSvd::properties(std::size_t d) const {
  double share = 1, bits = 0;
  for_each_panel(d, [&](const Panel& panel) {
    bits += 8 * static_cast<double>(panel.largest());
    if (panel.most == 0) return;
    share = std::min(share, budget_ / static_cast<double>(panel.side()));
    bits -= 32 * (static_cast<double>(panel.most) - budget_) * static_cast<double>(panel.m + panel.n);
  });
  const double spread = 1 / share - 1;
  Properties properties;
  properties.unbiased = !contractive_ || spread == 0;
  properties.omega = properties.unbiased ? spread : 0;
  properties.delta = contractive_ ? share : std::max(0.0, 1 - spread);
  if (d > 0) properties.bits_per_coordinate = bits / static_cast<double>(d);
  properties.suggested_gamma = std::min(1.0, 4 * share);
  return properties;
}

/// The products of all rows, or of all columns, of the matrix times u.
void make_gram(const float* x, const Panel& panel, double u, std::vector<double>& gram) {
  const std::size_t side = panel.side(), n = panel.n;
  gram.assign(side * side, 0.0);
  for (std::size_t i = 0; i < panel.m; ++i) {
    const float* row = x + i * n;
    if (panel.m <= n) {
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = 0;
        for (std::size_t k = 0; k < n; ++k) sum += (row[k] * u) * (x[j * n + k] * u);
        gram[i * side + j] = gram[j * side + i] = sum;
      }
    } else {
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t k = 0; k < n; ++k) gram[j * side + k] += (row[j] * u) * (row[k] * u);
    }
  }
}

std::byte* AtomoSvd::encode_panel(const float* x, const Panel& panel, std::uint32_t largest, std::uint32_t word,
                                  SvdState& own, std::byte* to) const {
  const auto exponent = static_cast<std::uint8_t>(largest >> 23);
  const float u = std::ldexp(1.0f, 127 - exponent);
  const std::size_t side = panel.side(), other = std::max(panel.m, panel.n);
  const bool by_rows = panel.m <= panel.n;
  make_gram(x, panel, static_cast<double>(u), own.gram);
  diagonalise(own.gram, side, own.vectors);
  own.units.resize(side * side);
  own.sizes.resize(side * other);
  own.lengths.resize(side);
  std::transform(own.vectors.begin(), own.vectors.end(), own.units.begin(),
                 [](double v) { return static_cast<float>(v); });
  if (by_rows) {
    kernels::multiply_transposed(x, panel.m, panel.n, u, own.units.data(), side, own.sizes.data());
  } else {
    kernels::multiply(x, panel.m, panel.n, u, own.units.data(), side, own.sizes.data());
  }
  double energy = 0;
  for (std::size_t k = 0; k < side; ++k) {
    const double square = kernels::sum_of_squares(own.sizes.data() + k * other, other);
    energy += square;
    own.lengths[k] = static_cast<float>(std::sqrt(square));
  }
  const AtomProbabilities atoms = balance(own.lengths, budget_);
  const double factor = contractive_ ? std::min(1.0, energy / atoms.second_moment()) : 1.0;

  // Which are sent, moved to the front.
  double reached = static_cast<double>(word >> 1) * 0x1p-31;
  std::size_t count = 0;
  for (std::size_t k = 0; k < side && count < panel.most; ++k) {
    const float length = own.lengths[k];
    if (length == 0) continue;
    const double p =
        length >= atoms.threshold ? 1.0 : static_cast<double>(length) / static_cast<double>(atoms.threshold);
    const double before = std::floor(reached);
    reached += p;
    if (std::floor(reached) == before) continue;
    const auto weight = static_cast<float>(factor / p);
    std::copy_n(own.units.begin() + static_cast<std::ptrdiff_t>(k * side), side,
                own.units.begin() + static_cast<std::ptrdiff_t>(count * side));
    std::transform(own.sizes.begin() + static_cast<std::ptrdiff_t>(k * other),
                   own.sizes.begin() + static_cast<std::ptrdiff_t>((k + 1) * other),
                   own.sizes.begin() + static_cast<std::ptrdiff_t>(count * other),
                   [weight](float a) { return a * weight; });
    ++count;
  }
  store(to, exponent);
  store(to + 1, static_cast<std::uint16_t>(count));
  to += kHeader;
  const float* p = by_rows ? own.units.data() : own.sizes.data();
  const float* q = by_rows ? own.sizes.data() : own.units.data();
  kernels::copy_f32(p, count * panel.m, to);
  kernels::copy_f32(q, count * panel.n, to + sizeof(float) * count * panel.m);
  return to + panel.atoms_size(count);
}

base::Result<std::size_t> AtomoSvd::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                           std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
  if (kernels::max_magnitude_bits(x.data(), x.size()) >= kernels::kInfinityBits) return not_finite(x);
  auto& own = own_state<SvdState>(state);
  const base::PhiloxInput philox = base::philox_input(key);
  std::array<std::uint32_t, kernels::kGroup> words;
  std::byte* to = out.data();
  std::size_t index = 0;
  for_each_panel(x.size(), [&](const Panel& panel) {
    if (index % words.size() == 0)
      kernels::random_words(philox, static_cast<std::uint32_t>(index / words.size()) * kernels::kBlocksPerGroup, 1,
                            words.data());
    const std::uint32_t word = words[index++ % words.size()];
    const float* from = x.data() + panel.offset;
    if (panel.most == 0) {
      kernels::copy_f32(from, panel.floats(), to);
      to += panel.largest();
      return;
    }
    const std::uint32_t largest = kernels::max_magnitude_bits(from, panel.floats());
    if (largest < kSmallestNormal) {
      *to++ = std::byte{0};
    } else {
      to = encode_panel(from, panel, largest, word, own, to);
    }
  });
  return static_cast<std::size_t>(to - out.data());
}

base::Result<void> check_panel(std::span<const std::byte> from, const Panel& panel, std::size_t index) {
  if (panel.most == 0) {
    const bool finite = kernels::max_magnitude_bits(from.data(), panel.floats()) < kernels::kInfinityBits;
    return finite ? base::Result<void>() : wrong_code(index);
  }
  const auto exponent = load<std::uint8_t>(from.data());
  if (exponent == 0) return {};
  if (exponent > 254) return wrong_scale(index);
  const std::size_t count = load<std::uint16_t>(from.data() + 1);
  if (count > panel.most) return wrong_index(count);
  const std::byte* p = from.data() + kHeader;
  const std::byte* q = p + sizeof(float) * count * panel.m;
  const bool by_rows = panel.m <= panel.n;
  if (kernels::max_magnitude_bits(p, count * panel.m) > (by_rows ? kLargestUnit : kLargestSize) ||
      kernels::max_magnitude_bits(q, count * panel.n) > (by_rows ? kLargestSize : kLargestUnit))
    return wrong_code(index);
  return {};
}

base::Result<void> AtomoSvd::decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale,
                                        State& state, std::span<float> y) const {
  auto& own = own_state<SvdState>(state);
  std::span<const std::byte> rest = payload;
  base::Result<void> checked;
  std::size_t index = 0, p_floats = 0, q_floats = 0;
  for_each_panel(y.size(), [&](const Panel& panel) {
    if (!checked) return;
    const auto bytes = panel.size(rest);
    checked = bytes ? check_panel(rest, panel, index++) : truncated(payload.size());
    if (checked) rest = rest.subspan(*bytes);
    p_floats = std::max(p_floats, panel.most * panel.m);
    q_floats = std::max(q_floats, panel.most * panel.n);
  });
  if (!checked) return checked;
  if (!rest.empty()) return wrong_size(payload.size(), payload.size() - rest.size());
  own.p.resize(std::max(own.p.size(), p_floats));
  own.q.resize(std::max(own.q.size(), q_floats));
  rest = payload;
  for_each_panel(y.size(), [&](const Panel& panel) {
    const std::byte* from = rest.data();
    rest = rest.subspan(*panel.size(rest));
    float* to = y.data() + panel.offset;
    if (panel.most == 0) return kernels::add_f32(from, panel.floats(), scale, to);
    const auto exponent = load<std::uint8_t>(from);
    if (exponent == 0) return;
    const std::size_t count = load<std::uint16_t>(from + 1), m_floats = count * panel.m;
    if (count == 0) return;
    std::memcpy(own.p.data(), from + kHeader, sizeof(float) * m_floats);
    std::memcpy(own.q.data(), from + kHeader + sizeof(float) * m_floats, sizeof(float) * count * panel.n);
    kernels::add_outer(own.p.data(), own.q.data(), panel.m, panel.n, count, std::ldexp(1.0f, exponent - 127), scale,
                       to);
  });
  return {};
}

}  // namespace

std::unique_ptr<Compressor> make_atomo_svd(std::string spec, double budget, bool contractive,
                                           const base::ParameterLayout& layout) {
  return std::make_unique<AtomoSvd>(std::move(spec), budget, contractive, layout);
}

}  // namespace parley::compression
