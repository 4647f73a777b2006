#include "compression/coding/vector_clusters.h"

#include <algorithm>
#include <numeric>

namespace parley::compression {

VectorClusters::VectorClusters(std::size_t k, std::size_t m)
    : k_(k), m_(m), values_(k * m), halves_(k), sums_(k * m), left_(m), counts_(k), orders_(m) {
  cuts_.reserve(k);
}

/// Where cutting a cell in two gains most: sum over j of left_j^2 / count + right_j^2 / count - all_j^2 / count.
VectorClusters::Cut VectorClusters::best_cut(const float* x, std::uint32_t begin, std::uint32_t end) {
  const double count = end - begin;
  double held = 0;
  std::vector<double>& all = sums_;
  std::fill_n(all.begin(), m_, 0.0);
  for (std::uint32_t i = begin; i < end; ++i)
    for (std::size_t j = 0; j < m_; ++j) all[j] += static_cast<double>(x[orders_[0][i] * m_ + j]);
  for (std::size_t j = 0; j < m_; ++j) held += all[j] * all[j] / count;
  Cut best{begin, end, begin, 0, 0};
  for (std::size_t axis = 0; axis < m_; ++axis) {
    const std::vector<std::uint32_t>& order = orders_[axis];
    std::fill(left_.begin(), left_.end(), 0.0);
    for (std::uint32_t i = begin; i + 1 < end; ++i) {
      for (std::size_t j = 0; j < m_; ++j) left_[j] += static_cast<double>(x[order[i] * m_ + j]);
      if (!(x[order[i] * m_ + axis] < x[order[i + 1] * m_ + axis])) continue;
      const double left_count = i + 1 - begin;
      double both = 0;
      for (std::size_t j = 0; j < m_; ++j) {
        const double right = all[j] - left_[j];
        both += left_[j] * left_[j] / left_count + right * right / (count - left_count);
      }
      if (both - held > best.gain) best.gain = both - held, best.axis = axis, best.at = i + 1;
    }
  }
  return best;
}

/// Puts what is left of the cut before what is not, in every order.
void VectorClusters::divide(const Cut& cut) {
  for (std::uint32_t i = cut.begin; i < cut.end; ++i) is_left_[orders_[cut.axis][i]] = i < cut.at ? 1 : 0;
  for (std::size_t axis = 0; axis < m_; ++axis) {
    std::uint32_t* order = orders_[axis].data();
    std::uint32_t left = cut.begin, right = 0;
    for (std::uint32_t i = cut.begin; i < cut.end; ++i) {
      if (is_left_[order[i]] != 0) {
        order[left++] = order[i];
      } else {
        moved_[right++] = order[i];
      }
    }
    std::copy_n(moved_.begin(), right, order + left);
  }
}

void VectorClusters::split(const float* x, std::size_t n) {
  is_left_.resize(n);
  moved_.resize(n);
  for (std::size_t axis = 0; axis < m_; ++axis) {
    orders_[axis].resize(n);
    std::iota(orders_[axis].begin(), orders_[axis].end(), 0u);
    std::sort(orders_[axis].begin(), orders_[axis].end(), [&](std::uint32_t a, std::uint32_t b) {
      const float first = x[a * m_ + axis], second = x[b * m_ + axis];
      return first < second || (first == second && a < b);
    });
  }
  cuts_.clear();
  cuts_.push_back(best_cut(x, 0, static_cast<std::uint32_t>(n)));
  while (cuts_.size() < k_) {
    const auto most = std::max_element(cuts_.begin(), cuts_.end(), [](const Cut& a, const Cut& b) {
      return a.gain < b.gain || (a.gain == b.gain && a.begin > b.begin);
    });
    if (most->gain <= 0) break;
    const Cut cut = *most;
    divide(cut);
    *most = best_cut(x, cut.begin, cut.at);
    cuts_.push_back(best_cut(x, cut.at, cut.end));
  }
  std::sort(cuts_.begin(), cuts_.end(), [](const Cut& a, const Cut& b) { return a.begin < b.begin; });
  set_means(x);
}

/// The centroids of the cells that were cut.
void VectorClusters::set_means(const float* x) {
  size_ = cuts_.size();
  for (std::size_t cell = 0; cell < size_; ++cell) {
    std::fill(left_.begin(), left_.end(), 0.0);
    for (std::uint32_t i = cuts_[cell].begin; i < cuts_[cell].end; ++i)
      for (std::size_t j = 0; j < m_; ++j) left_[j] += static_cast<double>(x[orders_[0][i] * m_ + j]);
    for (std::size_t j = 0; j < m_; ++j)
      values_[cell * m_ + j] = static_cast<float>(left_[j] / (cuts_[cell].end - cuts_[cell].begin));
  }
  uses_all_ = size_ == k_;
  set_halves();
}

void VectorClusters::set_halves() {
  for (std::size_t cell = 0; cell < size_; ++cell) {
    double square = 0;
    for (std::size_t j = 0; j < m_; ++j) {
      const auto v = static_cast<double>(values_[cell * m_ + j]);
      square += v * v;
    }
    halves_[cell] = static_cast<float>(square / 2);
  }
}

void VectorClusters::start_from(std::span<const float> centroids) {
  std::copy(centroids.begin(), centroids.end(), values_.begin());
  size_ = k_;
  uses_all_ = true;
  set_halves();
}

void VectorClusters::improve(const float* x, std::size_t n, std::size_t iterations) {
  index_.resize(n);
  last_index_.resize(n);
  for (std::size_t step = 0; step < iterations; ++step) {
    kernels::nearest_centroids(x, n, 1.0f, centroids(), index_.data());
    if (step > 0 && index_ == last_index_) return;
    std::fill(sums_.begin(), sums_.end(), 0.0);
    std::fill(counts_.begin(), counts_.end(), 0u);
    kernels::add_to_cells(x, n, m_, 1.0f, index_.data(), sums_.data(), counts_.data());
    uses_all_ = size_ == k_;
    for (std::size_t cell = 0; cell < size_; ++cell) {
      uses_all_ = uses_all_ && counts_[cell] > 0;
      if (counts_[cell] == 0) continue;
      for (std::size_t j = 0; j < m_; ++j)
        values_[cell * m_ + j] = static_cast<float>(sums_[cell * m_ + j] / counts_[cell]);
    }
    set_halves();
    index_.swap(last_index_);
  }
}

}  // namespace parley::compression
