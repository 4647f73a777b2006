#include "codebook_reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "reference_parts.h"

namespace parley::compression::test {
namespace {

struct Bin {
  double count = 0, sum = 0;
  double mean() const { return sum / count; }
};
using Bins = std::map<int, Bin>;                // in the order of their values
using Cell = std::vector<std::pair<int, Bin>>;  // consecutive bins

int bin_of(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const int magnitude = static_cast<int>((bits >> 16) & 0x7FFF);
  return (bits >> 31) != 0 ? -1 - magnitude : magnitude;
}

/// Bins of the upper sixteen bits.
Bins bins_of(const Floats& x) {
  Bins bins;
  for (const float value : x) {
    ++bins[bin_of(value)].count;
    bins[bin_of(value)].sum += value;
  }
  return bins;
}

Bin total(const Cell& cell) {
  Bin all;
  for (const auto& bin : cell) all.count += bin.second.count, all.sum += bin.second.sum;
  return all;
}

double energy_of(const Bins& bins) {
  double energy = 0;
  for (const auto& bin : bins) energy += bin.second.sum * bin.second.mean();
  return energy;
}

/// The gain of the best cut of a cell, and where.
std::pair<double, std::size_t> best_cut(const Cell& cell) {
  const Bin all = total(cell);
  std::pair<double, std::size_t> best{0, 0};
  Bin left;
  for (std::size_t at = 1; at < cell.size(); ++at) {
    left.count += cell[at - 1].second.count;
    left.sum += cell[at - 1].second.sum;
    const double right = all.sum - left.sum;
    const double gain =
        left.sum * left.sum / left.count + right * right / (all.count - left.count) - all.sum * all.sum / all.count;
    if (gain > best.first) best = {gain, at};
  }
  return best;
}

std::vector<Cell> split(const Bins& bins, std::size_t k) {
  std::vector<Cell> cells = {Cell(bins.begin(), bins.end())};
  while (cells.size() < k) {
    std::size_t chosen = 0;
    std::pair<double, std::size_t> best{0, 0};
    for (std::size_t c = 0; c < cells.size(); ++c)
      if (const auto cut = best_cut(cells[c]); cut.first > best.first) best = cut, chosen = c;
    if (best.first <= 0) break;
    const auto at = cells[chosen].begin() + static_cast<std::ptrdiff_t>(best.second);
    const Cell right(at, cells[chosen].end());
    cells[chosen].erase(at, cells[chosen].end());
    cells.insert(cells.begin() + static_cast<std::ptrdiff_t>(chosen) + 1, right);
  }
  return cells;
}

std::vector<Cell> nearest(const Bins& bins, const std::vector<Cell>& cells) {
  std::vector<double> means;
  for (const Cell& cell : cells) means.push_back(total(cell).mean());
  std::vector<Cell> next(cells.size());
  for (const auto& bin : bins) {
    std::size_t c = 0;
    while (c + 1 < means.size() && bin.second.mean() > 0.5 * means[c] + 0.5 * means[c + 1]) ++c;
    next[c].push_back(bin);
  }
  std::erase_if(next, [](const Cell& cell) { return cell.empty(); });
  return next;
}

std::vector<Cell> kmeans(const Bins& bins, std::size_t k, std::size_t iterations) {
  std::vector<Cell> cells = split(bins, k);
  for (std::size_t step = 0; step < iterations; ++step) cells = nearest(bins, cells);
  return cells;
}

/// A number and the bins that become it.
struct Choice {
  double centroid;
  std::vector<int> bins;
};
using Choices = std::vector<Choice>;  // ascending

Choices means_of(const std::vector<Cell>& cells) {
  Choices choices;
  for (const Cell& cell : cells) {
    choices.push_back({total(cell).mean(), {}});
    for (const auto& bin : cell) choices.back().bins.push_back(bin.first);
  }
  return choices;
}

double held(const Choices& choices, Bins bins) {
  double sum = 0;
  for (const Choice& choice : choices) {
    const double c = static_cast<float>(choice.centroid);
    for (const int bin : choice.bins) sum += c * (2 * bins[bin].sum - bins[bin].count * c);
  }
  return sum;
}

/// k numbers and the index of one for each coordinate.
class CodebookReference : public DeterministicReference {
 public:
  explicit CodebookReference(std::size_t k) : k_(k) {
    while ((std::size_t{1} << width_) < k) ++width_;
  }

  Bytes encode(const Floats& x, const base::RandomKey&) const final {
    Bytes bytes;
    if (sends_all(x.size())) {
      for (const float value : x) append_float(bytes, value);
      return bytes;
    }
    const Bins bins = bins_of(x);
    Choices choices = choose(bins, x.size());
    if (held(choices, bins) < held_by_a_cut(x.size()) * energy_of(bins)) choices = means_of(kmeans(bins, k_, 10));
    std::vector<float> codebook;
    std::map<int, unsigned> index;
    for (const Choice& choice : choices) {
      const float centroid = static_cast<float>(choice.centroid) == 0 ? 0.0f : static_cast<float>(choice.centroid);
      if (codebook.empty() || codebook.back() != centroid) codebook.push_back(centroid);
      for (const int bin : choice.bins) index[bin] = static_cast<unsigned>(codebook.size() - 1);
    }
    for (std::size_t i = 0; i < k_; ++i) append_float(bytes, i < codebook.size() ? codebook[i] : codebook.back());
    std::vector<unsigned> codes;
    for (const float value : x) codes.push_back(index[bin_of(value)]);
    append_codes(bytes, codes, width_);
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const final {
    Floats x(d);
    for (std::size_t i = 0; i < d; ++i)
      x[i] = float_at(bytes, 4 * (sends_all(d) ? i : code_at(bytes, 4 * k_, i, width_)));
    return x;
  }

 protected:
  virtual Choices choose(const Bins& bins, std::size_t d) const = 0;

  std::size_t k_;

 private:
  bool sends_all(std::size_t d) const { return 4 * d <= 4 * k_ + (d * width_ + 7) / 8; }

  unsigned width_ = 0;
};

class KmeansReference final : public CodebookReference {
 public:
  explicit KmeansReference(KmeansReferenceOptions options) : CodebookReference(options.k), options_(options) {}

 private:
  Choices choose(const Bins& bins, std::size_t d) const override {
    if (!options_.floor) return means_of(kmeans(bins, k_, options_.iterations));
    double length = 0;
    for (const auto& bin : bins) length += std::abs(bin.second.sum);
    const double mean = length / static_cast<double>(d);
    Bins weighted = bins;
    for (auto& [key, bin] : weighted) {
      const double curvature = mean == 0 ? 1 : std::abs(bin.mean()) / mean;
      const double h = (1 - *options_.floor) * curvature + *options_.floor;
      bin.count *= h;
      bin.sum *= h;
    }
    return means_of(kmeans(weighted, k_, options_.iterations));
  }

  KmeansReferenceOptions options_;
};

class WeightedEntropyReference final : public CodebookReference {
 public:
  WeightedEntropyReference(std::size_t k, std::size_t sweeps) : CodebookReference(k), sweeps_(sweeps) {}

 private:
  Choices choose(const Bins& bins, std::size_t) const override {
    Cell below, above;  // ascending by magnitude
    for (const auto& bin : bins) {
      if (bin.second.sum < 0) {
        below.insert(below.begin(), bin);
      } else {
        above.push_back(bin);
      }
    }
    Choices choices;
    for (const Cell& cluster : clusters(below, k_ / 2)) choices.insert(choices.begin(), choice_of(cluster, -1));
    for (const Cell& cluster : clusters(above, k_ - k_ / 2)) choices.push_back(choice_of(cluster, 1));
    return choices;
  }

  static Choice choice_of(Cell cluster, double sign) {
    if (sign < 0) std::reverse(cluster.begin(), cluster.end());
    Choice choice{0, {}};
    double count = 0, energy = 0;
    for (const auto& [key, bin] : cluster) {
      choice.bins.push_back(key);
      count += bin.count;
      energy += bin.sum * bin.mean();
    }
    choice.centroid = sign * std::sqrt(energy / count);
    return choice;
  }

  /// The clusters that are not empty.
  std::vector<Cell> clusters(const Cell& bins, std::size_t n) const {
    std::vector<double> counts = {0}, energies = {0};
    for (const auto& bin : bins) {
      counts.push_back(counts.back() + bin.second.count);
      energies.push_back(energies.back() + bin.second.sum * bin.second.mean());
    }
    std::vector<std::size_t> bounds;
    for (std::size_t i = 0; i <= n; ++i) {
      std::size_t at = 0;
      while (counts[at] * static_cast<double>(n) < static_cast<double>(i) * counts.back()) ++at;
      bounds.push_back(i == n ? bins.size() : at);
    }
    const auto log_of = [](double count) { return std::round(std::log2(count) * 0x1p32) / 0x1p32; };
    const auto share = [&](std::size_t begin, std::size_t end) {
      if (begin == end) return 0.0;
      return (energies[end] - energies[begin]) * (log_of(counts.back()) - log_of(counts[end] - counts[begin]));
    };
    for (std::size_t step = 0; step < sweeps_; ++step) {
      for (std::size_t i = 1; i < n; ++i) {
        const auto value = [&](std::size_t at) { return share(bounds[i - 1], at) + share(at, bounds[i + 1]); };
        std::size_t best = bounds[i];
        for (std::size_t at = bounds[i - 1]; at <= bounds[i + 1]; ++at)
          if (value(at) > value(best)) best = at;
        bounds[i] = best;
      }
    }
    std::vector<Cell> found;
    for (std::size_t i = 0; i < n; ++i)
      found.emplace_back(bins.begin() + static_cast<std::ptrdiff_t>(bounds[i]),
                         bins.begin() + static_cast<std::ptrdiff_t>(bounds[i + 1]));
    std::erase_if(found, [](const Cell& cell) { return cell.empty(); });
    return found;
  }

  std::size_t sweeps_;
};

}  // namespace

ReferencePointer weighted_entropy_reference(std::size_t k, std::size_t sweeps) {
  return std::make_unique<WeightedEntropyReference>(k, sweeps);
}

double held_by_a_cut(std::size_t d) {
  double sum = 0;
  for (std::size_t j = 1; j <= (d + 1) / 2; ++j)
    sum += std::pow(std::sqrt(static_cast<double>(j)) - std::sqrt(static_cast<double>(j - 1)), 2);
  return 1 / sum / 2;
}

BestCut best_cut_of(const Floats& x) {
  const std::vector<Cell> cells = split(bins_of(x), 2);
  BestCut cut{0, std::numeric_limits<float>::infinity()};
  for (const Cell& cell : cells) {
    const double mean = total(cell).mean();
    for (const auto& bin : cell) cut.held += bin.second.sum * mean;
  }
  if (cells.size() == 1) return cut;
  for (const float v : x)
    if (bin_of(v) >= cells[1].front().first) cut.second = std::min(cut.second, v);
  return cut;
}

ReferencePointer kmeans_reference(KmeansReferenceOptions options) {
  return std::make_unique<KmeansReference>(options);
}

}  // namespace parley::compression::test
