#include "zipml_reference.h"

#include <map>
#include <numeric>

#include "bucket_reference.h"

namespace parley::compression::test {
namespace {

class ZipmlReference final : public BucketReference {
 public:
  explicit ZipmlReference(ZipmlOptions options)
      : BucketReference(options.bucket, options.bits, std::size_t{4} << options.bits), o_(options) {}

 protected:
  void encode_bucket(const float* x, std::size_t n, const std::vector<std::uint32_t>& words, Bytes& bytes,
                     std::vector<int>& codes) const override {
    const Choice choice = choose(x, n);
    const int half = 1 << (o_.bits - 1);
    for (int k = 0; k < 2 * half; ++k) put_float(bytes, choice.sent[static_cast<std::size_t>(k)]);
    if (choice.sent.front() == choice.sent.back()) return;
    for (std::size_t i = 0; i < n; ++i) {
      // The interval of the coordinate, of which the last one is closed.
      std::size_t k = 0;
      while (k + 2 < choice.levels.size() && choice.levels[k + 1] <= x[i]) ++k;
      const float a = choice.t(choice.levels[k]), b = choice.t(choice.levels[k + 1]);
      float inverse = 1 / (b - a);
      while ((b - a) * inverse < 1) inverse = std::nextafter(inverse, std::numeric_limits<float>::infinity());
      const float fraction = (choice.t(x[i]) - a) * inverse;
      const bool up = static_cast<double>(words[i] >> 8) * 0x1p-24 < fraction;
      codes[i] = static_cast<int>(k) + (up ? 1 : 0) - half;
    }
  }

  void decode_bucket(const Bytes& bytes, std::size_t at, const std::vector<int>& codes, Floats& x) const override {
    for (const int code : codes)
      x.push_back(get_float(bytes, at + 4 * static_cast<std::size_t>(code + (1 << (o_.bits - 1)))));
  }

  double bucket_error(const float* x, std::size_t n) const override {
    const Choice choice = choose(x, n);
    double error = 0;
    if (choice.sent.front() == choice.sent.back()) {
      for (std::size_t i = 0; i < n; ++i) error += squared(static_cast<double>(x[i]) - choice.sent.front());
      return error;
    }
    std::vector<double> points(x, x + n);
    return shrunk_error(1 / (1 + choice.shrink), variance_of(points, {choice.levels.begin(), choice.levels.end()}), x,
                        n);
  }

 private:
  struct Choice {
    float prescale = 0, origin = 0;
    Floats levels;  ///< as chosen
    double shrink = 0;
    Floats sent;  ///< shrunk, all 2^bits of them
    float t(float x) const { return std::max(x * prescale - origin, 0.0f); }
  };
  struct Candidate {
    long long position;
    float value;
  };

  Choice choose(const float* x, std::size_t n) const {
    const std::size_t most = std::size_t{1} << o_.bits;
    Choice choice;
    const float low = *std::min_element(x, x + n) + 0.0f, high = *std::max_element(x, x + n) + 0.0f;
    const double width = static_cast<double>(high) - low;
    if (width < kSmallestNormal) {
      choice.sent.assign(most, low);
      return choice;
    }
    choice.prescale = std::ldexp(1.0f, -std::ilogb(width));
    choice.origin = low * choice.prescale;
    const auto inverse = static_cast<float>(0x1p20 / (width * choice.prescale));
    const auto position_of = [&](float v) {
      return static_cast<long long>(std::min(choice.t(v) * inverse, 1048575.0f));
    };
    std::map<long long, Candidate> first;  // of every cell
    std::vector<long long> positions;
    for (std::size_t i = 0; i < n; ++i) {
      const long long p = position_of(x[i]);
      positions.push_back(p);
      const auto [cell, is_new] = first.emplace((p * o_.cells) >> 20, Candidate{p, x[i]});
      if (!is_new && x[i] < cell->second.value) cell->second = {p, x[i]};
    }
    std::vector<Candidate> candidates;
    for (const auto& [cell, candidate] : first) candidates.push_back(candidate);
    if (candidates.back().value != high) candidates.push_back({position_of(high), high});
    std::sort(positions.begin(), positions.end());

    const auto [chosen, cost] = best(candidates, positions, most);
    for (const std::size_t j : chosen) choice.levels.push_back(candidates[j].value);
    if (o_.contractive)
      choice.shrink = static_cast<double>(cost) * squared(width / 1048576) / ordered_sum_of_squares(x, n);
    for (std::size_t k = 0; k < most; ++k) {
      const float level = choice.levels[std::min(k, choice.levels.size() - 1)];
      choice.sent.push_back(static_cast<float>(level / (1 + choice.shrink)) + 0.0f);
    }
    if (choice.sent.front() == choice.sent.back()) choice.sent.assign(most, choice.sent.front());
    return choice;
  }

  /// All predecessors of all candidates are tried, for every number of steps; the first of the best is taken.
  static std::pair<std::vector<std::size_t>, long long> best(const std::vector<Candidate>& candidates,
                                                             const std::vector<long long>& positions,
                                                             std::size_t most) {
    std::vector<long long> sum = {0}, squares = {0};
    for (const long long p : positions) {
      sum.push_back(sum.back() + p);
      squares.push_back(squares.back() + p * p);
    }
    const auto below = [&](long long p) {
      return static_cast<std::size_t>(std::lower_bound(positions.begin(), positions.end(), p) - positions.begin());
    };
    const auto cost = [&](std::size_t i, std::size_t j) {
      const long long a = candidates[i].position, b = candidates[j].position;
      const std::size_t from = below(a), to = below(b);
      return (a + b) * (sum[to] - sum[from]) - (squares[to] - squares[from]) -
             a * b * static_cast<long long>(to - from);
    };
    std::vector<std::size_t> chosen(std::min(candidates.size(), most));
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    if (candidates.size() > most) {
      constexpr long long kNever = std::numeric_limits<long long>::max() / 2;
      const std::size_t count = candidates.size();
      std::vector<std::vector<long long>> least(most, std::vector<long long>(count, kNever));
      std::vector<std::vector<std::size_t>> before(most, std::vector<std::size_t>(count));
      least[0][0] = 0;
      std::vector<std::vector<long long>> costs(count, std::vector<long long>(count));
      for (std::size_t i = 0; i < count; ++i)
        for (std::size_t j = i + 1; j < count; ++j) costs[i][j] = cost(i, j);
      for (std::size_t step = 1; step < most; ++step) {
        for (std::size_t j = step; j < count; ++j) {
          for (std::size_t i = step - 1; i < j; ++i) {
            if (least[step - 1][i] + costs[i][j] >= least[step][j]) continue;
            least[step][j] = least[step - 1][i] + costs[i][j];
            before[step][j] = i;
          }
        }
      }
      chosen.back() = count - 1;
      for (std::size_t step = most - 1; step > 0; --step) chosen[step - 1] = before[step][chosen[step]];
    }
    long long total = 0;
    for (std::size_t k = 1; k < chosen.size(); ++k) total += cost(chosen[k - 1], chosen[k]);
    return {chosen, total};
  }

  ZipmlOptions o_;
};

}  // namespace

ReferencePointer zipml_reference(ZipmlOptions options) {
  return std::make_unique<ZipmlReference>(options);
}

double variance_of(const std::vector<double>& points, const std::vector<double>& levels) {
  double variance = 0;
  for (const double x : points) {
    std::size_t k = 0;
    while (k + 2 < levels.size() && levels[k + 1] <= x) ++k;
    variance += (levels[k + 1] - x) * (x - levels[k]);
  }
  return variance;
}

double least_variance(const std::vector<double>& points, std::size_t levels) {
  const std::size_t n = points.size();
  double least = std::numeric_limits<double>::infinity();
  for (unsigned set = 0; set < 1u << n; ++set) {
    if (static_cast<std::size_t>(std::popcount(set)) != levels || (set & 1) == 0 || (set >> (n - 1)) == 0) continue;
    std::vector<double> chosen;
    for (std::size_t i = 0; i < n; ++i)
      if (((set >> i) & 1) != 0) chosen.push_back(points[i]);
    least = std::min(least, variance_of(points, chosen));
  }
  return least;
}

double least_variance_of_many(const std::vector<double>& points, std::size_t levels) {
  const std::size_t n = points.size();
  std::vector<double> least(n, std::numeric_limits<double>::infinity());
  least[0] = 0;
  for (std::size_t step = 1; step < levels; ++step) {
    std::vector<double> next(n, std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = i + 1; j < n; ++j) {
        double cost = 0;
        for (std::size_t p = i + 1; p < j; ++p) cost += (points[j] - points[p]) * (points[p] - points[i]);
        next[j] = std::min(next[j], least[i] + cost);
      }
    }
    least = next;
  }
  return least[n - 1];
}

}  // namespace parley::compression::test
