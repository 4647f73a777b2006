// weighted-entropy: magnitudes in clusters that are the smaller the more they matter; each becomes the root mean square
// of its cluster.
//
// Coordinates below zero have floor(k/2) clusters and the others the rest. Their boundaries are those of
// coding/entropy_clusters.h, and a coordinate becomes sign(x) sqrt(mean of x^2 over its cluster), x as the mean of its
// bin.
//
// This does not minimise the squared error, and a spike among zeros would even double it. The payload, and how delta is
// kept nevertheless, are those of coding/scalar_codebook.h.
#include <algorithm>
#include <cmath>
#include <vector>

#include "compression/coding/entropy_clusters.h"
#include "compression/coding/scalar_codebook.h"
#include "compression/coding/stage.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

struct WeightedEntropyState final : CodebookState {
  explicit WeightedEntropyState(std::size_t k) : CodebookState(k), clusters_of_sign(k) { below.reserve(32768); }
  EntropyClusters clusters_of_sign;
  std::vector<FloatBins::Bin> below;  ///< what is below zero, ascending by magnitude
};

double root_mean_square(std::span<const FloatBins::Bin> bins) {
  double count = 0;
  for (const FloatBins::Bin& bin : bins) count += bin.count;
  return std::sqrt(energy_of(bins) / count);
}

class WeightedEntropy final : public ScalarCodebook {
 public:
  WeightedEntropy(std::string spec, std::size_t k, std::size_t sweeps)
      : ScalarCodebook(std::move(spec), weighted_entropy_row().wire_id, k), sweeps_(sweeps) {}

  std::unique_ptr<State> make_state() const override { return std::make_unique<WeightedEntropyState>(k()); }

 private:
  void find_cells(std::size_t, CodebookState& state) const override {
    auto& own = own_state<WeightedEntropyState>(state);
    const auto bins = own.bins.bins();
    const auto zero = std::ranges::find_if(bins, [](const FloatBins::Bin& bin) { return bin.sum >= 0; });
    const auto negatives = static_cast<std::size_t>(zero - bins.begin());
    own.ends.clear();
    own.centroids.clear();
    own.below.assign(bins.begin(), zero);
    std::ranges::reverse(own.below);
    own.clusters_of_sign.find(own.below, k() / 2, sweeps_);
    const auto below = own.clusters_of_sign.boundaries();
    for (std::size_t n = below.size() - 1; n > 0; --n) append(own, negatives - below[n], negatives - below[n - 1], -1);
    own.clusters_of_sign.find(bins.subspan(negatives), k() - k() / 2, sweeps_);
    const auto above = own.clusters_of_sign.boundaries();
    for (std::size_t n = 1; n < above.size(); ++n) append(own, negatives + above[n - 1], negatives + above[n], 1);
  }

  static void append(CodebookState& state, std::size_t begin, std::size_t end, double sign) {
    if (begin == end) return;
    state.ends.push_back(static_cast<std::uint32_t>(end));
    state.centroids.push_back(sign * root_mean_square(state.bins.bins().subspan(begin, end - begin)));
  }

  std::size_t sweeps_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "k",
     .kind = base::ParameterKind::integer,
     .fallback = "16",
     .low = 2,
     .high = 256,
     .help = "clusters, of either sign together"},
    {.name = "sweeps",
     .kind = base::ParameterKind::integer,
     .fallback = "10",
     .low = 0,
     .high = 1000,
     .help = "most searches over all boundaries"},
};

}  // namespace

Row weighted_entropy_row() {
  return {.name = "weighted-entropy",
          .wire_id = 69,
          .summary = "clusters of magnitudes, small where importance is, and their root mean squares",
          .source = "Park, Ahn, Yoo 2017",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            return std::make_unique<WeightedEntropy>(arguments.canonical(),
                                                     static_cast<std::size_t>(arguments.integer("k")),
                                                     static_cast<std::size_t>(arguments.integer("sweeps")));
          }};
}

}  // namespace parley::compression
