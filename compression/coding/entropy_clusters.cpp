#include "compression/coding/entropy_clusters.h"

#include <cmath>
#include <numbers>

namespace parley::compression {

double log2_of(double count) {
  int exponent = 0;
  double m = std::frexp(count, &exponent);
  if (m < 0.5 * std::numbers::sqrt2) m *= 2, --exponent;
  // log m = 2 artanh s, and |s| < 0.172: what is left out of the series is below 2^-60.
  const double s = (m - 1) / (m + 1), square = s * s;
  double sum = 0;
  for (int i = 23; i > 0; i -= 2) sum = sum * square + 1.0 / i;
  return std::nearbyint((exponent + 2 * s * sum / std::numbers::ln2) * 0x1p32) * 0x1p-32;
}

EntropyClusters::EntropyClusters(std::size_t most) {
  constexpr std::size_t kMostBins = 65536;
  boundaries_.reserve(most + 1);
  counts_.reserve(kMostBins + 1);
  energies_.reserve(kMostBins + 1);
}

/// c times what a cluster adds to S.
double EntropyClusters::share(std::uint32_t begin, std::uint32_t end) const {
  if (begin == end) return 0;
  return (energies_[end] - energies_[begin]) * (log_count_ - log2_of(counts_[end] - counts_[begin]));
}

bool EntropyClusters::sweep() {
  bool moved = false;
  for (std::size_t n = 1; n + 1 < boundaries_.size(); ++n) {
    const std::uint32_t begin = boundaries_[n - 1], end = boundaries_[n + 1];
    std::uint32_t best = boundaries_[n];
    double most = share(begin, best) + share(best, end);
    for (std::uint32_t at = begin; at <= end; ++at) {
      const double here = share(begin, at) + share(at, end);
      if (here > most) most = here, best = at;
    }
    moved = moved || best != boundaries_[n];
    boundaries_[n] = best;
  }
  return moved;
}

void EntropyClusters::find(std::span<const FloatBins::Bin> bins, std::size_t clusters, std::size_t sweeps) {
  counts_.assign(1, 0.0);
  energies_.assign(1, 0.0);
  for (const FloatBins::Bin& bin : bins) {
    counts_.push_back(counts_.back() + bin.count);
    energies_.push_back(energies_.back() + bin.sum * bin.mean());
  }
  const double count = counts_.back();
  log_count_ = bins.empty() ? 0 : log2_of(count);
  boundaries_.clear();
  std::uint32_t at = 0;
  for (std::size_t n = 0; n < clusters; ++n) {
    while (counts_[at] * static_cast<double>(clusters) < static_cast<double>(n) * count) ++at;
    boundaries_.push_back(at);
  }
  boundaries_.push_back(static_cast<std::uint32_t>(bins.size()));
  while (sweeps > 0 && sweep()) --sweeps;
}

}  // namespace parley::compression
