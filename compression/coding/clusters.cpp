#include "compression/coding/clusters.h"

#include <algorithm>

namespace parley::compression {

using Bin = FloatBins::Bin;

Clusters::Clusters(std::size_t k) : k_(k) {
  cuts_.reserve(k);
  ends_.reserve(k);
  last_ends_.reserve(k);
  means_.reserve(k);
  counts_.reserve(k);
}

/// Where cutting a cell of several bins in two gains most: left^2 / count + right^2 / count - all^2 / count.
Clusters::Cut Clusters::best_cut(std::span<const Bin> bins, std::uint32_t begin, std::uint32_t end) {
  double count = 0, sum = 0;
  for (std::uint32_t i = begin; i < end; ++i) count += bins[i].count, sum += bins[i].sum;
  Cut best{begin, end, begin, 0};
  double left_count = 0, left = 0;
  for (std::uint32_t i = begin; i + 1 < end; ++i) {
    left_count += bins[i].count;
    left += bins[i].sum;
    const double right = sum - left;
    const double gain = left * left / left_count + right * right / (count - left_count) - sum * sum / count;
    if (gain > best.gain) best.gain = gain, best.at = i + 1;
  }
  return best;
}

void Clusters::split(std::span<const Bin> bins) {
  cuts_.clear();
  if (!bins.empty()) cuts_.push_back(best_cut(bins, 0, static_cast<std::uint32_t>(bins.size())));
  while (!cuts_.empty() && cuts_.size() < k_) {
    const auto most = std::max_element(cuts_.begin(), cuts_.end(), [](const Cut& a, const Cut& b) {
      return a.gain < b.gain || (a.gain == b.gain && a.begin > b.begin);
    });
    if (most->gain <= 0) break;
    const Cut cut = *most;
    *most = best_cut(bins, cut.begin, cut.at);
    cuts_.push_back(best_cut(bins, cut.at, cut.end));
  }
  ends_.clear();
  for (const Cut& cut : cuts_) ends_.push_back(cut.end);
  std::sort(ends_.begin(), ends_.end());
  measure(bins);
}

void Clusters::start_from(std::span<const Bin> bins, std::span<const double> centroids) {
  means_.assign(centroids.begin(), centroids.end());
  ends_.clear();
  std::size_t cell = 0;
  for (std::uint32_t i = 0; i < bins.size(); ++i) {
    const double mean = bins[i].mean();
    const std::size_t last = cell;
    while (cell + 1 < means_.size() && mean > 0.5 * means_[cell] + 0.5 * means_[cell + 1]) ++cell;
    if (cell != last && i > 0) ends_.push_back(i);
  }
  if (!bins.empty()) ends_.push_back(static_cast<std::uint32_t>(bins.size()));
  measure(bins);
}

void Clusters::improve(std::span<const Bin> bins, std::size_t iterations) {
  for (std::size_t i = 0; i < iterations; ++i) {
    last_ends_ = ends_;
    counts_ = means_;  // start_from() writes to means_
    start_from(bins, counts_);
    if (ends_ == last_ends_) return;
  }
}

void Clusters::measure(std::span<const Bin> bins) {
  means_.clear();
  counts_.clear();
  std::uint32_t begin = 0;
  for (const std::uint32_t end : ends_) {
    double count = 0, sum = 0;
    for (std::uint32_t i = begin; i < end; ++i) count += bins[i].count, sum += bins[i].sum;
    counts_.push_back(count);
    means_.push_back(sum / count);
    begin = end;
  }
}

}  // namespace parley::compression
