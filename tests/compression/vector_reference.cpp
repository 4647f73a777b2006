#include "vector_reference.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "codebook_reference.h"
#include "reference_parts.h"

namespace parley::compression::test {
namespace {

using Vectors = std::vector<Floats>;
using Indices = std::vector<std::size_t>;

struct Cut {
  double gain = 0;
  Indices left, right;
};

Indices sorted_by(const Vectors& w, Indices cell, std::size_t axis) {
  std::sort(cell.begin(), cell.end(),
            [&](std::size_t a, std::size_t b) { return std::pair(w[a][axis], a) < std::pair(w[b][axis], b); });
  return cell;
}

std::vector<double> sum(const Vectors& w, const Indices& cell) {
  std::vector<double> sums(w[0].size());
  for (const std::size_t i : cell)
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += w[i][j];
  return sums;
}

Cut best_cut(const Vectors& w, const Indices& cell) {
  const auto count = static_cast<double>(cell.size());
  const std::vector<double> all = sum(w, sorted_by(w, cell, 0));
  double held = 0;
  for (const double s : all) held += s * s / count;
  Cut best;
  for (std::size_t axis = 0; axis < all.size(); ++axis) {
    const Indices order = sorted_by(w, cell, axis);
    std::vector<double> left(all.size());
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      for (std::size_t j = 0; j < left.size(); ++j) left[j] += w[order[i]][j];
      if (w[order[i]][axis] == w[order[i + 1]][axis]) continue;
      double both = 0;
      const auto left_count = static_cast<double>(i + 1);
      for (std::size_t j = 0; j < left.size(); ++j) {
        const double right = all[j] - left[j];
        both += left[j] * left[j] / left_count + right * right / (count - left_count);
      }
      if (both - held <= best.gain) continue;
      const auto middle = order.begin() + static_cast<std::ptrdiff_t>(i) + 1;
      best = {both - held, Indices(order.begin(), middle), Indices(middle, order.end())};
    }
  }
  return best;
}

Vectors split(const Vectors& w, std::size_t k) {
  Indices everything(w.size());
  for (std::size_t i = 0; i < w.size(); ++i) everything[i] = i;
  std::vector<Indices> cells = {everything};
  std::vector<Cut> cuts = {best_cut(w, everything)};
  while (cells.size() < k) {
    std::size_t chosen = 0;
    for (std::size_t c = 0; c < cells.size(); ++c)
      if (cuts[c].gain > cuts[chosen].gain) chosen = c;
    if (cuts[chosen].gain <= 0) break;
    const Cut cut = cuts[chosen];
    const auto at = static_cast<std::ptrdiff_t>(chosen);
    cells[chosen] = cut.left;
    cuts[chosen] = best_cut(w, cut.left);
    cells.insert(cells.begin() + at + 1, cut.right);
    cuts.insert(cuts.begin() + at + 1, best_cut(w, cut.right));
  }
  Vectors means;
  for (const Indices& cell : cells) {
    means.emplace_back();
    for (const double s : sum(w, sorted_by(w, cell, 0)))
      means.back().push_back(static_cast<float>(s / static_cast<double>(cell.size())));
  }
  return means;
}

Indices nearest(const Vectors& w, const Vectors& centroids) {
  Indices index;
  for (const Floats& v : w) {
    std::size_t best = 0;
    float least = std::numeric_limits<float>::infinity();
    for (std::size_t c = 0; c < centroids.size(); ++c) {
      double square = 0;
      for (const float f : centroids[c]) square += static_cast<double>(f) * static_cast<double>(f);
      auto score = static_cast<float>(square / 2);
      for (std::size_t j = 0; j < v.size(); ++j) {
        const volatile float product = v[j] * centroids[c][j];
        score = score - product;
      }
      if (score < least) least = score, best = c;
    }
    index.push_back(best);
  }
  return index;
}

struct Means {
  std::map<std::size_t, std::vector<double>> of;  // the cells that are not empty
  double held = 0;
};

Means means_of(const Vectors& w, const Indices& index) {
  Means means;
  for (const std::size_t c : std::set<std::size_t>(index.begin(), index.end())) {
    Indices cell;
    for (std::size_t i = 0; i < w.size(); ++i)
      if (index[i] == c) cell.push_back(i);
    for (const double s : sum(w, cell)) {
      means.of[c].push_back(s / static_cast<double>(cell.size()));
      means.held += s * s / static_cast<double>(cell.size());
    }
  }
  return means;
}

double energy_of(const Vectors& w) {
  Floats flat;
  for (const Floats& v : w) flat.insert(flat.end(), v.begin(), v.end());
  return sum_in_order(flat, 0, flat.size(), [](double v) { return v * v; });
}

class VectorReference final : public DeterministicReference {
 public:
  explicit VectorReference(VectorOptions options) : options_(options) {
    while ((std::size_t{1} << width_) < options.k) ++width_;
  }

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    Bytes bytes;
    const std::size_t n = x.size() / options_.m;
    const std::size_t first_sent = sends_all(x.size()) ? 0 : n * options_.m;
    for (std::size_t i = first_sent; i < x.size(); ++i) append_float(bytes, x[i]);
    if (sends_all(x.size())) return bytes;
    float largest = 0;
    for (std::size_t i = 0; i < n * options_.m; ++i) largest = std::max(largest, std::abs(x[i]));
    const int exponent = std::max(largest > 0 ? std::ilogb(largest) : -127, -127);
    Vectors w(n);
    for (std::size_t i = 0; i < n * options_.m; ++i)
      w[i / options_.m].push_back(static_cast<float>(std::ldexp(static_cast<double>(x[i]), -exponent)));
    for (std::size_t stage = 0; stage < options_.stages; ++stage) encode_stage(w, exponent, key, stage, bytes);
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey&) const override {
    const std::size_t m = options_.m, n = d / m;
    Floats x(d);
    for (std::size_t i = 0; i < d; ++i) {
      if (sends_all(d) || i >= n * m) {
        x[i] = float_at(bytes, 4 * (sends_all(d) ? i : i - n * m));
        continue;
      }
      std::size_t at = 4 * (d % m);
      float value = 0;
      for (std::size_t stage = 0; stage < options_.stages; ++stage, at += stage_size(n)) {
        const float c = float_at(bytes, at + 4 * (code_at(bytes, at + 4 * options_.k * m, i / m, width_) * m + i % m));
        value = stage == 0 ? c : value + c;
      }
      constexpr float kLargest = std::numeric_limits<float>::max();
      x[i] = std::clamp(value, -kLargest, kLargest);
    }
    return x;
  }

 private:
  std::size_t stage_size(std::size_t n) const { return 4 * options_.k * options_.m + (n * width_ + 7) / 8; }
  bool sends_all(std::size_t d) const {
    return 4 * d <= 4 * (d % options_.m) + options_.stages * stage_size(d / options_.m);
  }

  Indices cells_of(const Vectors& w, const base::RandomKey& key, std::size_t stage) const {
    constexpr std::size_t kSample = 32768;
    Vectors sample = w;
    if (w.size() > kSample) {
      for (std::size_t i = 0; i < kSample; ++i) {
        const std::uint64_t word = random_word(key, static_cast<std::uint32_t>(stage * kSample / 4), i);
        const std::size_t begin = i * w.size() / kSample, end = (i + 1) * w.size() / kSample;
        sample[i] = w[begin + word * (end - begin) / 4294967296u];
      }
      sample.resize(kSample);
    }
    Vectors centroids = split(sample, options_.k);
    for (std::size_t step = 0; step < options_.iterations; ++step) {
      for (const auto& [c, mean] : means_of(sample, nearest(sample, centroids)).of)
        centroids[c] = Floats(mean.begin(), mean.end());
    }
    return nearest(w, centroids);
  }

  static Indices cut_in_two(const Vectors& w) {
    BestCut best{-1, 0};
    std::size_t axis = 0;
    for (std::size_t j = 0; j < w[0].size(); ++j) {
      Floats coordinate;
      for (const Floats& v : w) coordinate.push_back(v[j]);
      if (const BestCut cut = best_cut_of(coordinate); cut.held > best.held) best = cut, axis = j;
    }
    Indices index;
    for (const Floats& v : w) index.push_back(v[axis] >= best.second ? 1 : 0);
    return index;
  }

  void encode_stage(Vectors& w, int exponent, const base::RandomKey& key, std::size_t stage, Bytes& bytes) const {
    Indices index = cells_of(w, key, stage);
    const auto m = static_cast<double>(options_.m);
    if (means_of(w, index).held < held_by_a_cut(w.size()) / m * energy_of(w)) index = cut_in_two(w);
    std::map<std::size_t, Floats> sent;
    for (const auto& [c, mean] : means_of(w, index).of) {
      for (const double v : mean) {
        constexpr double kLargest = std::numeric_limits<float>::max();
        const auto f = static_cast<float>(std::clamp(std::ldexp(v, exponent), -kLargest, kLargest));
        sent[c].push_back(f == 0 ? 0.0f : f);
      }
    }
    std::set<Floats> codebook;
    for (const auto& cell : sent) codebook.insert(cell.second);
    auto next = codebook.begin();
    for (std::size_t i = 0; i < options_.k; ++i) {
      for (const float f : *next) append_float(bytes, f);
      if (std::next(next) != codebook.end()) ++next;
    }
    std::vector<unsigned> codes;
    for (std::size_t i = 0; i < w.size(); ++i) {
      const auto place = codebook.find(sent[index[i]]);
      codes.push_back(static_cast<unsigned>(std::distance(codebook.begin(), place)));
      for (std::size_t j = 0; j < options_.m; ++j)
        w[i][j] = w[i][j] - static_cast<float>(std::ldexp(static_cast<double>((*place)[j]), -exponent));
    }
    append_codes(bytes, codes, width_);
  }

  VectorOptions options_;
  unsigned width_ = 0;
};

}  // namespace

ReferencePointer vector_reference(VectorOptions options) {
  return std::make_unique<VectorReference>(options);
}

}  // namespace parley::compression::test
