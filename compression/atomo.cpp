// atomo: atoms of an orthonormal basis, sent at random with the probabilities of least variance. With basis = svd it
// has another payload, see atomo_svd.cpp; with the others
//
//   payload := exponent:u8 [unit:f32 certain values drawn signs]
//   certain := indices, at most ceil(budget) of d, see coding/index_code.h
//   values  := f32 for each
//   drawn   := indices, at most d of d
//   signs   := a bit for each, 1 for negative, padded with zeros to a byte
//
// x is divided by the power of two of its largest magnitude, whose biased exponent is sent: 0 for a vector without a
// normal float, of which nothing else is. Its coefficients c are those of x itself (entry), or of each block of 64 in
// the cosine or the Haar basis, see coding/basis.h; a rest is as it is. With tau from coding/atoms.h,
//
//   p_i = min(1, |c_i|/tau),   sum p_i <= budget
//
// coefficients with p_i = 1 are sent as values, others with probability p_i as sign(c_i) unit. Coefficient i draws the
// upper 31 bits of word i of the groups from Philox block 0, and is sent if they are below p_i 2^31, of which the
// integer part is taken and at most 2^31 - 128.
//
// scaling = unbiased: unit = tau; E|C(x)|^2 = sum of c_i^2 where p_i = 1, plus tau times the sum of the other |c_i|.
// The same number of atoms at equal probabilities has omega = d/budget - 1, so this has no more. scaling = contractive:
// values and unit are multiplied by |x|^2 / E|C(x)|^2, the best factor in least squares, which leaves (1 - that factor)
// |x|^2: delta = min(1, budget/d), and more where few coefficients are large. What is decoded is limited to the finite
// floats.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <vector>

#include "compression/atomo_svd.h"
#include "compression/coding/atoms.h"
#include "compression/coding/basis.h"
#include "compression/coding/bit_stream.h"
#include "compression/coding/index_code.h"
#include "compression/coding/kept_code.h"
#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/coding/shared_sums.h"
#include "compression/coding/stage.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/matrix.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/select.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::size_t kChunk = 1024;
constexpr std::size_t kPadding = 16;  // what the kernel may write past what it drew
constexpr std::uint32_t kSmallestNormal = std::uint32_t{1} << 23;
constexpr std::uint32_t kLargestValue = 0x58800000;  // the bits of 2^50, which no coefficient or unit reaches
constexpr float kLargest = std::numeric_limits<float>::max();

/// Certain and drawn atoms.
struct AtomsState final : State {
  std::vector<float> coefficients;
  std::vector<std::uint32_t> certain, drawn;
  std::vector<float> values;
  std::vector<bool> negative;
  std::vector<std::uint32_t> room;  // for as many indices as there may be

  SharedSums sums;
  // The atoms that the pieces send. Not initialised, so that memory that is never needed is never touched.
  std::vector<std::size_t> sent;
  std::unique_ptr<std::uint32_t[]> sent_indices;
  std::unique_ptr<float[]> sent_values;
  std::size_t sent_room = 0;
};

class Atomo final : public Compressor {
 public:
  Atomo(std::string spec, const Basis* basis, double ratio, double budget, bool contractive)
      : spec_(std::move(spec)), basis_(basis), ratio_(ratio), budget_(budget), contractive_(contractive) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return atomo_row().wire_id; }
  Properties properties(std::size_t d) const override;
  std::size_t max_payload_size(std::size_t d) const override {
    if (d == 0) return 0;
    return 1 + sizeof(float) + max_indices_size(d, most_certain(d)) + sizeof(float) * most_certain(d) +
           max_indices_size(d, d) + (d + 7) / 8;
  }
  std::unique_ptr<State> make_state() const override { return std::make_unique<AtomsState>(); }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  /// Atoms that are sent on average.
  double budget(std::size_t d) const {
    const double n = static_cast<double>(d);
    return std::min(n, budget_ > 0 ? budget_ : ratio_ * n);
  }
  std::size_t most_certain(std::size_t d) const { return std::min(d, static_cast<std::size_t>(std::ceil(budget(d)))); }
  void prepare(std::size_t d, AtomsState& own) const;
  void analyse(std::span<const float> x, float u, AtomsState& own) const;
  std::size_t write(std::uint8_t exponent, float unit, std::size_t d, const AtomsState& own, std::byte* to) const;
  /// Fills certain, drawn, values and negative, and returns the unit.
  base::Result<float> read(std::span<const std::byte> payload, std::size_t d, AtomsState& own) const;

  std::string spec_;
  const Basis* basis_;  // null: entries
  double ratio_, budget_;
  bool contractive_;
};

/// What a share of `ratio` atoms means for Gaussian coefficients of variance 1: E min(1, |c| / tau) = ratio.
double gaussian_threshold(double ratio) {
  double low = 0, high = 2 / ratio;
  for (int step = 0; step < 60; ++step) {
    const double tau = (low + high) / 2;
    const double mean =
        std::erfc(tau / std::numbers::sqrt2) + std::sqrt(2 / std::numbers::pi) * (1 - std::exp(-tau * tau / 2)) / tau;
    (mean > ratio ? low : high) = tau;
  }
  return high;
}

Properties Atomo::properties(std::size_t d) const {
  const double n = static_cast<double>(d), share = d == 0 ? 1 : budget(d) / n;
  const double spread = 1 / share - 1;
  Properties properties;
  properties.unbiased = !contractive_ || spread == 0;
  properties.omega = properties.unbiased ? spread : 0;
  properties.delta = contractive_ ? share : std::max(0.0, 1 - spread);
  if (d > 0) {
    const double certain = share < 1 ? n * std::erfc(gaussian_threshold(share) / std::numbers::sqrt2) : n;
    const double drawn = share * n - certain;
    const double bits = 8 + 32 + 8 + 32 + expected_index_bits(d, static_cast<std::size_t>(certain)) + 32 * certain + 8 +
                        32 + expected_index_bits(d, static_cast<std::size_t>(std::max(drawn, 0.0))) + drawn;
    properties.bits_per_coordinate = bits / n;
  }
  properties.suggested_gamma = std::min(1.0, 2 * share);
  return properties;
}

void Atomo::prepare(std::size_t d, AtomsState& own) const {
  if (own.coefficients.size() < d) own.coefficients.resize(d);
  own.certain.reserve(most_certain(d));
  own.values.reserve(most_certain(d));
  own.drawn.reserve(d);
  own.negative.reserve(d);
  const std::size_t pieces = Pieces(d, 1).count(), room = d + pieces * kPadding;
  own.sent.resize(std::max(own.sent.size(), pieces));
  if (own.sent_room >= room) return;
  own.sent_indices = std::make_unique_for_overwrite<std::uint32_t[]>(room);
  own.sent_values = std::make_unique_for_overwrite<float[]>(room);
  own.sent_room = room;
}

void Atomo::analyse(std::span<const float> x, float u, AtomsState& own) const {
  for_each_piece(own, x.size(), kBasisOrder, [&](std::size_t first, std::size_t length, std::size_t) {
    float* const to = own.coefficients.data() + first;
    std::transform(x.begin() + static_cast<std::ptrdiff_t>(first),
                   x.begin() + static_cast<std::ptrdiff_t>(first + length), to, [u](float value) { return value * u; });
    if (basis_ == nullptr) return;
    std::array<float, kBasisOrder> block;
    for (std::size_t i = 0; i + kBasisOrder <= length; i += kBasisOrder) {
      std::copy_n(to + i, kBasisOrder, block.begin());
      kernels::multiply_transposed(basis_->analysis.data(), kBasisOrder, kBasisOrder, 1.0f, block.data(), 1, to + i);
    }
  });
}

/// Draws, for probabilities |c_i| / threshold, what is sent of the coefficients.
void draw(std::span<const float> coefficients, float threshold, float factor, const base::RandomKey& key,
          AtomsState& own) {
  const base::PhiloxInput philox = base::philox_input(key);
  // A threshold of 0 makes all certain.
  // Finite, so that what is zero stays zero.
  constexpr double kMost = static_cast<double>(std::numeric_limits<float>::max());
  const auto per_unit =
      threshold > 0 ? static_cast<float>(std::min(0x1p31 / static_cast<double>(threshold), kMost)) : 0.0f;
  const auto place_of = [](std::size_t first) { return first + first / kPiece * kPadding; };
  for_each_piece(own, coefficients.size(), 1, [&](std::size_t first, std::size_t length, std::size_t) {
    std::array<std::uint32_t, kChunk> words;
    std::size_t end = place_of(first);
    for (std::size_t i = first; i < first + length; i += kChunk) {
      kernels::random_words(philox, static_cast<std::uint32_t>(i / kernels::kGroup) * kernels::kBlocksPerGroup,
                            kChunk / kernels::kGroup, words.data());
      end += kernels::draw_in_proportion(coefficients.data() + i, std::min(kChunk, first + length - i), threshold,
                                         per_unit, words.data(), static_cast<std::uint32_t>(i),
                                         own.sent_indices.get() + end, own.sent_values.get() + end);
    }
    own.sent[first / kPiece] = end - place_of(first);
  });
  own.certain.clear();
  own.values.clear();
  own.drawn.clear();
  own.negative.clear();
  for (std::size_t first = 0; first < coefficients.size(); first += kPiece) {
    const std::size_t start = place_of(first);
    for (std::size_t j = start; j < start + own.sent[first / kPiece]; ++j) {
      if (std::abs(own.sent_values[j]) >= threshold) {
        own.certain.push_back(own.sent_indices[j]);
        own.values.push_back(own.sent_values[j] * factor);
      } else {
        own.drawn.push_back(own.sent_indices[j]);
        own.negative.push_back(own.sent_values[j] < 0);
      }
    }
  }
}

base::Result<std::size_t> Atomo::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                        std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()) && x.size() <= kMostCoordinates, out.size(), x.size());
  if (x.empty()) return std::size_t{0};
  auto& own = own_state<AtomsState>(state);
  const std::size_t d = x.size();
  prepare(d, own);
  const std::uint32_t largest = largest_of_pieces(state, d, 1, [&](std::size_t first, std::size_t length) {
    return kernels::max_magnitude_bits(x.data() + first, length);
  });
  if (largest >= kernels::kInfinityBits) return not_finite(x);
  if (largest < kSmallestNormal) {
    out[0] = std::byte{0};
    return std::size_t{1};
  }
  const auto exponent = static_cast<std::uint8_t>(largest >> 23);
  analyse(x, std::ldexp(1.0f, 127 - exponent), own);
  const std::span<const float> coefficients(own.coefficients.data(), d);
  const AtomProbabilities atoms =
      balance(budget(d), [&](float threshold) { return own.sums.split_at(coefficients, threshold, state); });
  const double energy = own.sums.sum_of_squares(coefficients, state);
  const auto factor = static_cast<float>(contractive_ ? std::min(1.0, energy / atoms.second_moment()) : 1.0);
  draw(coefficients, atoms.threshold, factor, key, own);
  return write(exponent, atoms.threshold * factor, d, own, out.data());
}

std::size_t Atomo::write(std::uint8_t exponent, float unit, std::size_t d, const AtomsState& own, std::byte* to) const {
  std::byte* at = to;
  store(at, exponent);
  store(at + 1, unit);
  at += 1 + sizeof unit;
  PARLEY_CHECK(own.certain.size() <= most_certain(d), own.certain.size(), d);
  at += encode_indices(own.certain, d, most_certain(d), at);
  std::memcpy(at, own.values.data(), sizeof(float) * own.values.size());
  at += sizeof(float) * own.values.size();
  at += encode_indices(own.drawn, d, d, at);
  BitWriter signs(at);
  for (const bool negative : own.negative) signs.put(negative ? 1 : 0, 1);
  return static_cast<std::size_t>(signs.finish() - to);
}

base::Result<float> Atomo::read(std::span<const std::byte> payload, std::size_t d, AtomsState& own) const {
  if (payload.size() < 1 + sizeof(float)) return truncated(payload.size());
  const auto unit = load<float>(payload.data() + 1);
  if (load<std::uint8_t>(payload.data()) > 254 || load<std::uint32_t>(payload.data() + 1) > kLargestValue)
    return wrong_scale(0);
  payload = payload.subspan(1 + sizeof unit);
  own.room.resize(std::max(own.room.size(), d));
  const auto certain = decode_indices(payload, d, most_certain(d), own.room);
  if (!certain) return certain.refusal();
  own.certain.assign(own.room.begin(), own.room.begin() + static_cast<std::ptrdiff_t>(certain->count));
  payload = payload.subspan(certain->bytes);
  const std::size_t values = sizeof(float) * certain->count;
  if (payload.size() < values) return truncated(payload.size());
  if (kernels::max_magnitude_bits(payload.data(), certain->count) > kLargestValue) return wrong_code(0);
  own.values.resize(certain->count);
  if (values > 0) std::memcpy(own.values.data(), payload.data(), values);
  payload = payload.subspan(values);
  const auto drawn = decode_indices(payload, d, d, own.room);
  if (!drawn) return drawn.refusal();
  own.drawn.assign(own.room.begin(), own.room.begin() + static_cast<std::ptrdiff_t>(drawn->count));
  payload = payload.subspan(drawn->bytes);
  if (payload.size() != (drawn->count + 7) / 8) return wrong_size(payload.size(), (drawn->count + 7) / 8);
  BitReader signs(payload);
  own.negative.resize(drawn->count);
  for (std::size_t j = 0; j < drawn->count; ++j) own.negative[j] = signs.get(1) != 0;
  if (!signs.align()) return not_canonical("the padding");
  for (std::size_t i = 0, j = 0; i < own.certain.size() && j < own.drawn.size();) {
    if (own.certain[i] == own.drawn[j]) return wrong_index(j);
    own.certain[i] < own.drawn[j] ? ++i : ++j;
  }
  return unit;
}

base::Result<void> Atomo::decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale,
                                     State& state, std::span<float> y) const {
  PARLEY_CHECK(y.size() <= kMostCoordinates, y.size());
  if (y.empty()) return payload.empty() ? base::Result<void>() : wrong_size(payload.size(), 0);
  if (payload.empty()) return truncated(0);
  const auto exponent = load<std::uint8_t>(payload.data());
  if (exponent == 0) return payload.size() == 1 ? base::Result<void>() : wrong_size(payload.size(), 1);
  auto& own = own_state<AtomsState>(state);
  prepare(y.size(), own);
  const auto unit = read(payload, y.size(), own);
  if (!unit) return unit.refusal();
  const float back = std::ldexp(1.0f, exponent - 127);
  const auto add = [&](std::size_t i, float value) { y[i] += scale * std::clamp(value * back, -kLargest, kLargest); };
  if (basis_ == nullptr) {
    for (std::size_t j = 0; j < own.certain.size(); ++j) add(own.certain[j], own.values[j]);
    for (std::size_t j = 0; j < own.drawn.size(); ++j) add(own.drawn[j], own.negative[j] ? -*unit : *unit);
    return {};
  }
  std::fill_n(own.coefficients.begin(), y.size(), 0.0f);
  for (std::size_t j = 0; j < own.certain.size(); ++j) own.coefficients[own.certain[j]] = own.values[j];
  for (std::size_t j = 0; j < own.drawn.size(); ++j) own.coefficients[own.drawn[j]] = own.negative[j] ? -*unit : *unit;
  for_each_piece(state, y.size(), kBasisOrder, [&](std::size_t first, std::size_t length, std::size_t) {
    std::array<float, kBasisOrder> block;
    std::size_t i = first;
    for (; i + kBasisOrder <= first + length; i += kBasisOrder) {
      kernels::multiply_transposed(basis_->synthesis.data(), kBasisOrder, kBasisOrder, 1.0f,
                                   own.coefficients.data() + i, 1, block.data());
      for (std::size_t j = 0; j < kBasisOrder; ++j) add(i + j, block[j]);
    }
    for (; i < first + length; ++i) add(i, own.coefficients[i]);
  });
  return {};
}

constexpr base::Parameter kParameters[] = {
    {.name = "basis",
     .kind = base::ParameterKind::word,
     .fallback = "entry",
     .choices = "entry|svd|dct|haar",
     .help = "what the atoms are: coordinates, singular vectors of matrices, cosines or Haar's wavelets of 64"},
    {.name = "ratio",
     .kind = base::ParameterKind::real,
     .low = 1e-9,
     .high = 1,
     .help = "atoms that are sent on average, as a share of the coordinates (0.01 if budget is not given)"},
    {.name = "budget",
     .kind = base::ParameterKind::real,
     .low = 0.01,
     .high = 4294967295.0,
     .help = "atoms that are sent on average, instead of ratio; with svd of each matrix (3 if not given)"},
    {.name = "scaling",
     .kind = base::ParameterKind::word,
     .fallback = "contractive",
     .choices = "contractive|unbiased",
     .help = "contractive multiplies by the best factor in least squares, which CHOCO and error feedback need"},
};

std::unique_ptr<Compressor> make_atomo(Blueprint blueprint) {
  const base::Arguments& arguments = blueprint.arguments;
  if (arguments.given("ratio") && arguments.given("budget"))
    throw base::OperatorError(fmt::format("in \"{}\": give ratio or budget, not both", arguments.canonical()));
  const double budget = arguments.given("budget") ? arguments.real("budget") : 0;
  const bool contractive = arguments.is("scaling", "contractive");
  if (arguments.is("basis", "svd")) {
    if (arguments.given("ratio"))
      throw base::OperatorError(
          fmt::format("in \"{}\": the number of singular vectors is given as budget", arguments.canonical()));
    const double atoms = budget > 0 ? budget : 3;
    return make_atomo_svd(fmt::format("atomo(basis=svd, budget={}, scaling={})", atoms, arguments.word("scaling")),
                          atoms, contractive, blueprint.layout);
  }
  const double ratio = arguments.given("ratio") ? arguments.real("ratio") : 0.01;
  const Basis* basis = arguments.is("basis", "dct")    ? &cosine_basis()
                       : arguments.is("basis", "haar") ? &haar_basis()
                                                       : nullptr;
  std::string spec = fmt::format("atomo(basis={}, {}, scaling={})", arguments.word("basis"),
                                 budget > 0 ? fmt::format("budget={}", budget) : fmt::format("ratio={}", ratio),
                                 arguments.word("scaling"));
  return std::make_unique<Atomo>(std::move(spec), basis, ratio, budget, contractive);
}

}  // namespace

Row atomo_row() {
  return {.name = "atomo",
          .wire_id = 55,
          .summary = "atoms of a basis, sent at random with the probabilities of least variance",
          .source = "Wang et al. 2018",
          .parameters = kParameters,
          .takes_values = false,
          .make = make_atomo};
}

}  // namespace parley::compression
