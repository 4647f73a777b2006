// kmeans: every coordinate becomes the nearest of k numbers, which travel with the indices.
//
//   payload  := codebook indices           or d x f32, if that is no longer
//   codebook := k x f32                    strictly ascending up to the last that is in use, which is then repeated
//   indices  := ceil(d*width/8) x u8       of width = bit_width(k - 1) bits, least significant first; pad bits are zero
//
// The codebook is that of Lloyd's iteration, over bins of the floats by their upper halves (coding/float_bins.h): a bin
// is not divided, and everything else is exact. start = warm begins with the cells of the last call, scaled by the
// root mean squares of both; start = cold, the first call, and a warm start that leaves fewer cells than it could, or
// holds too little of |x|^2, begins with splits (coding/clusters.h).
//
// Each centroid is the mean of its cell, so |C(x) - x|^2 = |x|^2 - sum_c n_c mean_c^2. The first split is at least as
// good as that by sign, which holds |x|_1^2 / d >= |x|^2 / d, and nothing later makes it worse: delta = 1/d. That is
// reached by a sequence over hundreds of orders of magnitude only; for Gaussian floats 16 centroids hold 0.99.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "compression/coding/clusters.h"
#include "compression/coding/float_bins.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/codebook.h"
#include "compression/kernels/floats.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::uint32_t kNegativeZero = 0x80000000;

struct Parameters {
  std::size_t k;
  std::size_t iterations;
  bool warm;
};

struct KmeansState final : State {
  explicit KmeansState(std::size_t k) : most(k), clusters(k), indices(65536) {
    last.reserve(k);
    scaled.reserve(k);
    codebook.reserve(k);
  }

  std::span<const float> memory() const override { return last; }
  base::Result<void> restore(std::span<const float> memory) override {
    if (memory.size() > most) return base::Refusal{"memory_size", fmt::format("{} floats for {}", memory.size(), most)};
    const bool ascending = std::is_sorted(memory.begin(), memory.end(), std::less_equal<>());
    if (!ascending || !kernels::all_finite(memory.data(), memory.size()))
      return base::Refusal{"memory_not_possible", "not a codebook"};
    last.assign(memory.begin(), memory.end());
    return {};
  }

  std::size_t most;
  std::vector<float> last;  ///< the centroids of the last call, of vectors of mean square 1; empty: none
  FloatBins bins;
  Clusters clusters;
  std::vector<double> scaled;
  std::vector<float> codebook;
  std::vector<std::uint8_t> indices;  ///< of every key of a bin
};

class Kmeans final : public Compressor {
 public:
  Kmeans(std::string spec, const Parameters& parameters)
      : spec_(std::move(spec)),
        parameters_(parameters),
        width_(static_cast<unsigned>(std::bit_width(parameters.k - 1))) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return kmeans_row().wire_id; }
  Properties properties(std::size_t d) const override;

  std::size_t max_payload_size(std::size_t d) const override {
    return sends_all(d) ? sizeof(float) * d : codebook_size() + index_size(d);
  }

  std::unique_ptr<State> make_state() const override { return std::make_unique<KmeansState>(parameters_.k); }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

  std::size_t slice() const override { return 8; }  // whose indices are whole bytes
  base::Result<void> check_payload(std::span<const std::byte> payload, std::size_t d) const override;
  void add_slice(std::span<const std::byte> payload, std::size_t d, std::size_t first, float scale,
                 std::span<float> y) const override;

 private:
  std::size_t codebook_size() const { return sizeof(float) * parameters_.k; }
  std::size_t index_size(std::size_t d) const { return (d * width_ + 7) / 8; }
  bool sends_all(std::size_t d) const { return sizeof(float) * d <= codebook_size() + index_size(d); }

  void find_cells(std::size_t d, KmeansState& scratch) const;
  bool starts_warm(std::size_t d, double energy, KmeansState& scratch) const;
  /// The centroids as floats, and which key goes to which of them.
  void make_codebook(KmeansState& scratch) const;

  std::string spec_;
  Parameters parameters_;
  unsigned width_;
};

Properties Kmeans::properties(std::size_t d) const {
  Properties properties;
  if (d == 0) return {.unbiased = true, .delta = 1};
  properties.bits_per_coordinate = 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
  properties.unbiased = sends_all(d);
  properties.delta = sends_all(d) ? 1 : 1 / static_cast<double>(d);
  // What k levels lose of Gaussian floats is about 2.7 / k^2 (Panter and Dite 1951).
  const auto k = static_cast<double>(parameters_.k);
  properties.suggested_gamma = sends_all(d) ? 1 : 1 - std::min(0.6, 2.7 / (k * k));
  return properties;
}

/// Whether the cells of the last call are as good a start as any.
bool Kmeans::starts_warm(std::size_t d, double energy, KmeansState& scratch) const {
  if (!parameters_.warm || scratch.last.empty()) return false;
  const double spread = std::sqrt(energy / static_cast<double>(d));
  scratch.scaled.clear();
  for (const float centroid : scratch.last) scratch.scaled.push_back(spread * static_cast<double>(centroid));
  const auto bins = scratch.bins.bins();
  scratch.clusters.start_from(bins, scratch.scaled);
  scratch.clusters.improve(bins, parameters_.iterations);
  constexpr double kRounding = 1 + 0x1p-12;  // of the energy, which leaves out what is within bins
  return scratch.clusters.size() >= std::min(parameters_.k, bins.size()) &&
         scratch.clusters.captured() * static_cast<double>(d) >= energy * kRounding;
}

void Kmeans::find_cells(std::size_t d, KmeansState& scratch) const {
  const auto bins = scratch.bins.bins();
  double energy = 0;
  for (const FloatBins::Bin& bin : bins) energy += bin.sum * bin.mean();
  if (!starts_warm(d, energy, scratch)) {
    scratch.clusters.split(bins);
    scratch.clusters.improve(bins, parameters_.iterations);
  }
  make_codebook(scratch);
  scratch.last.clear();
  const double spread = std::sqrt(energy / static_cast<double>(d));
  if (!(spread > 0)) return;
  for (const double mean : scratch.clusters.means()) {
    const auto centroid = static_cast<float>(mean / spread);
    if (scratch.last.empty() || centroid > scratch.last.back()) scratch.last.push_back(centroid);
  }
}

void Kmeans::make_codebook(KmeansState& scratch) const {
  scratch.codebook.clear();
  std::size_t bin = 0;
  for (std::size_t cell = 0; cell < scratch.clusters.size(); ++cell) {
    const float centroid = static_cast<float>(scratch.clusters.means()[cell]) + 0.0f;  // -0 becomes 0
    // Zeros of both signs are bins of their own with one mean.
    if (scratch.codebook.empty() || centroid > scratch.codebook.back()) scratch.codebook.push_back(centroid);
    for (; bin < scratch.clusters.ends()[cell]; ++bin)
      scratch.indices[scratch.bins.bins()[bin].key] = static_cast<std::uint8_t>(scratch.codebook.size() - 1);
  }
}

base::Result<std::size_t> Kmeans::encode(std::span<const float> x, const base::RandomKey&, State& state,
                                         std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()) && x.size() <= 0xFFFFFFFF, out.size(), x.size());
  if (sends_all(x.size())) {
    if (kernels::copy_f32(x.data(), x.size(), out.data()) >= kernels::kInfinityBits) return not_finite(x);
    return sizeof(float) * x.size();
  }
  auto& scratch = own_state<KmeansState>(state);
  if (!scratch.bins.count(x)) return not_finite(x);
  find_cells(x.size(), scratch);
  for (std::size_t i = 0; i < parameters_.k; ++i)
    store(out.data() + sizeof(float) * i, scratch.codebook[std::min(i, scratch.codebook.size() - 1)]);
  kernels::pack_keys(x.data(), x.size(), scratch.indices.data(), width_, out.data() + codebook_size());
  return max_payload_size(x.size());
}

base::Result<void> Kmeans::check_payload(std::span<const std::byte> payload, std::size_t d) const {
  if (payload.size() != max_payload_size(d)) return wrong_size(payload.size(), max_payload_size(d));
  const std::size_t floats = sends_all(d) ? d : parameters_.k;
  if (kernels::max_magnitude_bits(payload.data(), floats) >= kernels::kInfinityBits) return wrong_code(0);
  if (sends_all(d)) return {};
  std::size_t used = 1;
  const auto centroid = [&](std::size_t i) { return load<float>(payload.data() + sizeof(float) * i); };
  while (used < parameters_.k && centroid(used) > centroid(used - 1)) ++used;
  for (std::size_t i = 0; i < parameters_.k; ++i) {
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

base::Result<void> Kmeans::decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State&,
                                      std::span<float> y) const {
  if (auto checked = check_payload(payload, y.size()); !checked) return checked;
  add_slice(payload, y.size(), 0, scale, y);
  return {};
}

void Kmeans::add_slice(std::span<const std::byte> payload, std::size_t d, std::size_t first, float scale,
                       std::span<float> y) const {
  if (sends_all(d)) {
    kernels::add_f32(payload.data() + sizeof(float) * first, y.size(), scale, y.data());
  } else {
    kernels::add_codebook(payload.data() + codebook_size() + index_size(first), y.size(), width_, payload.data(),
                          parameters_.k, scale, y.data());
  }
}

constexpr base::Parameter kParameters[] = {
    {.name = "k",
     .kind = base::ParameterKind::integer,
     .fallback = "16",
     .low = 2,
     .high = 256,
     .help = "centroids of the codebook"},
    {.name = "iterations",
     .kind = base::ParameterKind::integer,
     .fallback = "10",
     .low = 0,
     .high = 1000,
     .help = "most steps of Lloyd's iteration"},
    {.name = "start",
     .kind = base::ParameterKind::word,
     .fallback = "warm",
     .choices = "warm|cold",
     .help = "warm begins with the codebook of the last call"},
};

}  // namespace

Row kmeans_row() {
  return {.name = "kmeans",
          .wire_id = 65,
          .summary = "the nearest of k numbers, which travel with the indices",
          .source = "Gong et al. 2014; Han et al. 2016",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            return std::make_unique<Kmeans>(
                arguments.canonical(),
                Parameters{.k = static_cast<std::size_t>(arguments.integer("k")),
                           .iterations = static_cast<std::size_t>(arguments.integer("iterations")),
                           .warm = arguments.is("start", "warm")});
          }};
}

}  // namespace parley::compression
