#include "compression/coding/vector_codebook.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "compression/coding/ternary_support.h"
#include "compression/kernels/philox.h"

namespace parley::compression {
namespace {

/// The smallest float of a bin.
float lowest_of(std::uint16_t key) {
  const auto bits = static_cast<std::uint32_t>(key) << 16;
  return std::bit_cast<float>(key >= 0x8000 ? bits | 0xFFFF : bits);
}

}  // namespace

VectorCodebook::VectorCodebook(std::size_t k, std::size_t m)
    : k_(k), m_(m), clusters_(k, m), sums_(k * m), counts_(k), halves_(2), sent_(k * m), scaled_(k * m) {
  order_.reserve(k);
}

double VectorCodebook::promised(std::size_t n, std::size_t m) {
  return optimal_support_delta((n + 1) / 2) / (2 * static_cast<double>(m));
}

void VectorCodebook::take_sample(const VectorInput& input, const base::PhiloxInput& key, std::uint32_t first_block) {
  const std::size_t size = std::min(input.n, kSample);
  sample_.resize(size * m_);
  if (input.n > kSample) {
    words_.resize(kSample);
    kernels::random_words(key, first_block, kSample / kernels::kGroup, words_.data());
  }
  for (std::size_t i = 0; i < size; ++i) {
    std::size_t from = i;
    if (input.n > kSample) {
      const std::size_t begin = i * input.n / size, length = (i + 1) * input.n / size - begin;
      from = begin + static_cast<std::size_t>(std::uint64_t{words_[i]} * length >> 32);
    }
    for (std::size_t j = 0; j < m_; ++j) sample_[i * m_ + j] = input.x[from * m_ + j] * input.u;
  }
}

void VectorCodebook::add_up(const VectorInput& input) {
  std::fill(sums_.begin(), sums_.end(), 0.0);
  std::fill(counts_.begin(), counts_.end(), 0u);
  kernels::add_to_cells(input.x, n_, m_, input.u, index_.data(), sums_.data(), counts_.data());
}

/// What the means of the cells hold.
double VectorCodebook::held() const {
  double sum = 0;
  for (std::size_t i = 0; i < sums_.size(); ++i)
    if (counts_[i / m_] > 0) sum += sums_[i] * sums_[i] / counts_[i / m_];
  return sum;
}

/// By the coordinate whose best cut holds most.
void VectorCodebook::cut_in_two(const VectorInput& input) {
  double most = -1;
  std::size_t best = 0;
  float bound = 0;
  for (std::size_t j = 0; j < m_; ++j) {
    for (std::size_t i = 0; i < n_; ++i) axis_[i] = input.x[i * m_ + j] * input.u;
    PARLEY_CHECK(bins_.count({axis_.data(), n_}));
    halves_.split(bins_.bins());
    double sum = 0;
    std::size_t bin = 0;
    for (std::size_t cell = 0; cell < halves_.size(); ++cell)
      for (; bin < halves_.ends()[cell]; ++bin) sum += bins_.bins()[bin].sum * halves_.means()[cell];
    if (sum <= most) continue;
    most = sum;
    best = j;
    bound = halves_.size() == 1 ? std::numeric_limits<float>::max() : lowest_of(bins_.bins()[halves_.ends()[0]].key);
  }
  for (std::size_t i = 0; i < n_; ++i) index_[i] = input.x[i * m_ + best] * input.u >= bound ? 1 : 0;
}

void VectorCodebook::find(const VectorInput& input, std::span<const float> start, std::size_t iterations,
                          const base::PhiloxInput& key, std::uint32_t first_block) {
  n_ = input.n;
  index_.resize(std::max(index_.size(), n_));
  axis_.resize(std::max(axis_.size(), n_));
  take_sample(input, key, first_block);
  const std::size_t size = sample_.size() / m_;
  if (!start.empty()) {
    clusters_.start_from(start);
    clusters_.improve(sample_.data(), size, iterations);
  }
  if (start.empty() || !clusters_.uses_all()) {
    clusters_.split(sample_.data(), size);
    clusters_.improve(sample_.data(), size, iterations);
  }
  kernels::nearest_centroids(input.x, n_, input.u, clusters_.centroids(), index_.data());
  add_up(input);
  // What is promised is never more than that, and takes longer to find out.
  const double share = held() * 2 * static_cast<double>(m_);
  constexpr double kRounding = 1 - 0x1p-20;
  if (share < input.energy && held() < promised(n_, m_) * kRounding * input.energy) {
    cut_in_two(input);
    add_up(input);
  }
}

std::span<const float> VectorCodebook::send(float unit) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  order_.clear();
  for (std::size_t cell = 0; cell < k_; ++cell) {
    if (counts_[cell] == 0) continue;
    order_.push_back(static_cast<std::uint8_t>(cell));
    for (std::size_t j = 0; j < m_; ++j) {
      const double mean = sums_[cell * m_ + j] / counts_[cell] / static_cast<double>(unit);
      scaled_[cell * m_ + j] = static_cast<float>(std::clamp(mean, -kLargest, kLargest)) + 0.0f;  // -0 becomes 0
    }
  }
  const auto vector = [&](std::size_t cell) { return std::span<const float>(scaled_).subspan(cell * m_, m_); };
  std::sort(order_.begin(), order_.end(),
            [&](std::uint8_t a, std::uint8_t b) { return std::ranges::lexicographical_compare(vector(a), vector(b)); });
  std::array<std::uint8_t, 256> place{};
  std::size_t used = 0;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    if (i == 0 || !std::ranges::equal(vector(order_[i]), vector(order_[i - 1]))) {
      std::ranges::copy(vector(order_[i]), sent_.begin() + static_cast<std::ptrdiff_t>(used * m_));
      ++used;
    }
    place[order_[i]] = static_cast<std::uint8_t>(used - 1);
  }
  for (std::size_t i = used * m_; i < sent_.size(); ++i) sent_[i] = sent_[i - m_];
  for (std::size_t i = 0; i < n_; ++i) index_[i] = place[index_[i]];
  for (std::size_t i = 0; i < sent_.size(); ++i) scaled_[i] = sent_[i] * unit;
  return sent_;
}

}  // namespace parley::compression
