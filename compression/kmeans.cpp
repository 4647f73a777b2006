// kmeans: every coordinate becomes the nearest of k numbers, each the mean of what becomes it.
//
// The payload and delta are those of coding/scalar_codebook.h. start = warm begins Lloyd's iteration with the cells of
// the last call, scaled by the root mean squares of both; start = cold, the first call, and a warm start that leaves
// fewer cells than it could begin with splits (coding/clusters.h).
//
// |C(x) - x|^2 = |x|^2 - sum_c n_c mean_c^2. For Gaussian floats 16 centroids hold 0.99.
#include "compression/kmeans.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "compression/coding/scalar_codebook.h"
#include "compression/coding/stage.h"
#include "compression/kernels/floats.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

struct KmeansState final : CodebookState {
  KmeansState(std::size_t k, bool weighs) : CodebookState(k), most(k) {
    last.reserve(k);
    scaled.reserve(k);
    if (weighs) weighted.reserve(65536);
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
  std::vector<double> scaled;
  std::vector<FloatBins::Bin> weighted;
};

class Kmeans final : public ScalarCodebook {
 public:
  Kmeans(std::string spec, std::uint8_t wire_id, const KmeansOptions& options)
      : ScalarCodebook(std::move(spec), wire_id, options.k), options_(options) {}

  std::unique_ptr<State> make_state() const override {
    return std::make_unique<KmeansState>(k(), options_.floor.has_value());
  }

 private:
  void find_cells(std::size_t d, CodebookState& state) const override;
  bool starts_warm(std::span<const FloatBins::Bin> bins, double spread, KmeansState& own) const;
  std::span<const FloatBins::Bin> weigh(std::size_t d, KmeansState& own) const;

  KmeansOptions options_;
};

/// The bins with weighted counts and sums: cells of these have weighted means.
std::span<const FloatBins::Bin> Kmeans::weigh(std::size_t d, KmeansState& own) const {
  const auto bins = own.bins.bins();
  if (!options_.floor) return bins;
  double length = 0;
  for (const FloatBins::Bin& bin : bins) length += std::abs(bin.sum);
  const double mean = length / static_cast<double>(d);
  own.weighted.assign(bins.begin(), bins.end());
  if (mean == 0) return own.weighted;
  for (FloatBins::Bin& bin : own.weighted) {
    const double weight = (1 - *options_.floor) * (std::abs(bin.mean()) / mean) + *options_.floor;
    bin.count *= weight;
    bin.sum *= weight;
  }
  return own.weighted;
}

/// Whether the cells of the last call are as good a start as any.
bool Kmeans::starts_warm(std::span<const FloatBins::Bin> bins, double spread, KmeansState& own) const {
  if (!options_.warm || own.last.empty()) return false;
  own.scaled.clear();
  for (const float centroid : own.last) own.scaled.push_back(spread * static_cast<double>(centroid));
  own.clusters.start_from(bins, own.scaled);
  own.clusters.improve(bins, options_.iterations);
  return own.clusters.size() >= std::min(k(), bins.size());
}

void Kmeans::find_cells(std::size_t d, CodebookState& state) const {
  auto& own = own_state<KmeansState>(state);
  const double spread = std::sqrt(energy_of(own.bins.bins()) / static_cast<double>(d));
  const auto bins = weigh(d, own);
  if (!starts_warm(bins, spread, own)) {
    own.clusters.split(bins);
    own.clusters.improve(bins, options_.iterations);
  }
  own.ends.assign(own.clusters.ends().begin(), own.clusters.ends().end());
  own.centroids.assign(own.clusters.means().begin(), own.clusters.means().end());
  own.last.clear();
  if (!(spread > 0)) return;
  for (const double mean : own.centroids) {
    const auto centroid = static_cast<float>(mean / spread);
    if (own.last.empty() || centroid > own.last.back()) own.last.push_back(centroid);
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

std::unique_ptr<Compressor> make_kmeans(std::string spec, std::uint8_t wire_id, const KmeansOptions& options) {
  return std::make_unique<Kmeans>(std::move(spec), wire_id, options);
}

Row kmeans_row() {
  return {.name = "kmeans",
          .wire_id = 65,
          .summary = "the nearest of k numbers, which travel with the indices",
          .source = "Gong et al. 2014; Han et al. 2016",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            return make_kmeans(arguments.canonical(), kmeans_row().wire_id,
                               {.k = static_cast<std::size_t>(arguments.integer("k")),
                                .iterations = static_cast<std::size_t>(arguments.integer("iterations")),
                                .warm = arguments.is("start", "warm"),
                                .floor = {}});
          }};
}

}  // namespace parley::compression
