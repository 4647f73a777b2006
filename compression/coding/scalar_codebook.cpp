#include "compression/coding/scalar_codebook.h"

#include <algorithm>
#include <bit>

#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/coding/ternary_support.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/codebook.h"
#include "compression/kernels/floats.h"
#include "compression/kernels/scan.h"

namespace parley::compression {
namespace {

constexpr std::uint32_t kNegativeZero = 0x80000000;
constexpr std::size_t kIterations = 10;      // of Lloyd's, for the cells that keep the promise
constexpr double kWithinBins = 1 + 0x1p-15;  // |x|^2 over energy_of(bins), at most 1 + 2^-16, with room for roundings

double promised(std::size_t d) {
  return optimal_support_delta((d + 1) / 2) / 2;
}

/// What the cells hold of |x|^2, with the centroids as they are sent.
double held(const CodebookState& state) {
  double sum = 0;
  std::size_t bin = 0;
  for (std::size_t cell = 0; cell < state.ends.size(); ++cell) {
    const double c = static_cast<float>(state.centroids[cell]);
    for (; bin < state.ends[cell]; ++bin) {
      const FloatBins::Bin& b = state.bins.bins()[bin];
      sum += c * (2 * b.sum - b.count * c);
    }
  }
  return sum;
}

/// The centroids as floats, and which key goes to which of them.
void make_codebook(CodebookState& state) {
  state.codebook.clear();
  std::size_t bin = 0;
  for (std::size_t cell = 0; cell < state.ends.size(); ++cell) {
    const float centroid = static_cast<float>(state.centroids[cell]) + 0.0f;  // -0 becomes 0
    // Zeros of both signs are bins of their own with one mean.
    if (state.codebook.empty() || centroid > state.codebook.back()) state.codebook.push_back(centroid);
    for (; bin < state.ends[cell]; ++bin)
      state.indices[state.bins.bins()[bin].key] = static_cast<std::uint8_t>(state.codebook.size() - 1);
  }
}

}  // namespace

double energy_of(std::span<const FloatBins::Bin> bins) {
  double energy = 0;
  for (const FloatBins::Bin& bin : bins) energy += bin.sum * bin.mean();
  return energy;
}

CodebookState::CodebookState(std::size_t k) : clusters(k), indices(65536) {
  ends.reserve(k);
  centroids.reserve(k);
  codebook.reserve(k);
}

ScalarCodebook::ScalarCodebook(std::string spec, std::uint8_t wire_id, std::size_t k)
    : spec_(std::move(spec)), wire_id_(wire_id), k_(k), width_(static_cast<unsigned>(std::bit_width(k - 1))) {}

Properties ScalarCodebook::properties(std::size_t d) const {
  if (d == 0) return {.unbiased = true, .delta = 1};
  const bool exact = sends_all(d);
  // What k levels lose of Gaussian floats is about 2.7 / k^2 (Panter and Dite 1951).
  const auto k = static_cast<double>(k_);
  return {.unbiased = exact,
          .delta = exact ? 1 : promised(d) / kWithinBins,
          .bits_per_coordinate = 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d),
          .suggested_gamma = exact ? 1 : 1 - std::min(0.6, 2.7 / (k * k))};
}

base::Result<std::size_t> ScalarCodebook::encode(std::span<const float> x, const base::RandomKey&, State& state,
                                                 std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()) && x.size() <= 0xFFFFFFFF, out.size(), x.size());
  if (sends_all(x.size())) {
    if (kernels::copy_f32(x.data(), x.size(), out.data()) >= kernels::kInfinityBits) return not_finite(x);
    return sizeof(float) * x.size();
  }
  auto& own = own_state<CodebookState>(state);
  if (!own.bins.count(x)) return not_finite(x);
  find_cells(x.size(), own);
  const auto bins = own.bins.bins();
  constexpr double kRounding = 1 - 0x1p-20;
  const double energy = energy_of(bins), kept = held(own);
  // What is promised is never more than half, and takes longer to find out.
  if (2 * kept < energy && kept < promised(x.size()) * kRounding * energy) {
    own.clusters.split(bins);
    own.clusters.improve(bins, kIterations);
    own.ends.assign(own.clusters.ends().begin(), own.clusters.ends().end());
    own.centroids.assign(own.clusters.means().begin(), own.clusters.means().end());
  }
  make_codebook(own);
  for (std::size_t i = 0; i < k_; ++i)
    store(out.data() + sizeof(float) * i, own.codebook[std::min(i, own.codebook.size() - 1)]);
  kernels::pack_keys(x.data(), x.size(), own.indices.data(), width_, out.data() + codebook_size());
  return max_payload_size(x.size());
}

base::Result<void> ScalarCodebook::check_payload(std::span<const std::byte> payload, std::size_t d) const {
  if (payload.size() != max_payload_size(d)) return wrong_size(payload.size(), max_payload_size(d));
  const std::size_t floats = sends_all(d) ? d : k_;
  if (kernels::max_magnitude_bits(payload.data(), floats) >= kernels::kInfinityBits) return wrong_code(0);
  if (sends_all(d)) return {};
  std::size_t used = 1;
  const auto centroid = [&](std::size_t i) { return load<float>(payload.data() + sizeof(float) * i); };
  while (used < k_ && centroid(used) > centroid(used - 1)) ++used;
  for (std::size_t i = 0; i < k_; ++i) {
    const auto bits = load<std::uint32_t>(payload.data() + sizeof(float) * i);
    if (bits == kNegativeZero) return not_canonical("a centroid");
    if (i >= used && centroid(i) != centroid(used - 1)) return not_canonical("the codebook");
  }
  const std::span<const std::byte> indices = payload.subspan(codebook_size());
  const std::size_t pad = 8 * indices.size() - d * width_;
  if (pad > 0 && (indices.back() >> (8 - pad)) != std::byte{0}) return not_canonical("the padding");
  if (kernels::largest_index(indices.data(), d, width_) >= used) return wrong_code(0);
  return {};
}

base::Result<void> ScalarCodebook::decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale,
                                              State&, std::span<float> y) const {
  if (auto checked = check_payload(payload, y.size()); !checked) return checked;
  add_slice(payload, y.size(), 0, scale, y);
  return {};
}

void ScalarCodebook::add_slice(std::span<const std::byte> payload, std::size_t d, std::size_t first, float scale,
                               std::span<float> y) const {
  if (sends_all(d)) {
    kernels::add_f32(payload.data() + sizeof(float) * first, y.size(), scale, y.data());
  } else {
    kernels::add_codebook(payload.data() + codebook_size() + index_size(first), y.size(), width_, payload.data(), k_,
                          scale, y.data());
  }
}

}  // namespace parley::compression
