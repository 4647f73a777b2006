#include "compression/kernels/vectors.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/vectors.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include "compression/kernels/vector_loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

template <std::size_t kLength>
HWY_INLINE void nearest_of(const float* x, std::size_t n, float u, const Centroids& centroids, std::uint8_t* index) {
  for_each_vector(n, [&](auto d, std::size_t i) HWY_ATTR {
    // Lane l has the vector i + l.
    const hn::RebindToSigned<decltype(d)> di;
    const hn::Rebind<std::uint8_t, decltype(d)> du8;
    const auto at = hn::Mul(hn::Iota(di, 0), hn::Set(di, static_cast<std::int32_t>(kLength)));
    hn::Vec<decltype(d)> w[kLength];
    prefetch_ahead(x + i * kLength, 0, 1);
    for (std::size_t j = 0; j < kLength; ++j)
      w[j] = hn::Mul(hn::GatherIndex(d, x + i * kLength + j, at), hn::Set(d, u));
    auto least = hn::Inf(d);
    auto best = hn::Zero(di);
    const float* c = centroids.values;
    for (std::size_t cell = 0; cell < centroids.k; ++cell, c += kLength) {
      auto score = hn::Set(d, centroids.halves[cell]);
      for (std::size_t j = 0; j < kLength; ++j) score = hn::Sub(score, hn::Mul(w[j], hn::Set(d, c[j])));
      const auto is_less = hn::RebindMask(di, hn::Lt(score, least));
      best = hn::IfThenElse(is_less, hn::Set(di, static_cast<std::int32_t>(cell)), best);
      least = hn::Min(score, least);
    }
    hn::StoreU(hn::DemoteTo(du8, best), du8, index + i);
  });
}

void nearest_centroids(const float* x, std::size_t n, float u, const Centroids& centroids, std::uint8_t* index) {
  switch (centroids.m) {
    case 1:
      return nearest_of<1>(x, n, u, centroids, index);
    case 2:
      return nearest_of<2>(x, n, u, centroids, index);
    case 3:
      return nearest_of<3>(x, n, u, centroids, index);
    case 4:
      return nearest_of<4>(x, n, u, centroids, index);
    case 5:
      return nearest_of<5>(x, n, u, centroids, index);
    case 6:
      return nearest_of<6>(x, n, u, centroids, index);
    case 7:
      return nearest_of<7>(x, n, u, centroids, index);
    default:
      return nearest_of<kMostVectorLength>(x, n, u, centroids, index);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <cstring>
#include <type_traits>
#include <utility>

namespace parley::compression::kernels {
namespace {

// What follows waits for memory and for the cells, and is the same code for every target.

/// Calls run with the length as a constant.
template <class Run>
void with_length(std::size_t m, Run run) {
  const auto one_of = [&]<std::size_t... kLess>(std::index_sequence<kLess...>) {
    (void)((m == kLess + 1 && (run(std::integral_constant<std::size_t, kLess + 1>()), true)) || ...);
  };
  one_of(std::make_index_sequence<kMostVectorLength>());
}

}  // namespace

HWY_EXPORT(nearest_centroids);

void nearest_centroids(const float* x, std::size_t n, float u, const Centroids& centroids, std::uint8_t* index) {
  HWY_DYNAMIC_DISPATCH(nearest_centroids)(x, n, u, centroids, index);
}

void add_to_cells(const float* x, std::size_t n, std::size_t m, float u, const std::uint8_t* index, double* sums,
                  std::uint32_t* counts) {
  with_length(m, [&](auto length) {
    for (std::size_t i = 0; i < n; ++i, x += length()) {
      double* sum = sums + index[i] * length();
      for (std::size_t j = 0; j < length(); ++j) sum[j] += static_cast<double>(x[j] * u);
      ++counts[index[i]];
    }
  });
}

void subtract_centroids(const float* x, std::size_t n, float u, const Centroids& centroids, const std::uint8_t* index,
                        float* rest) {
  with_length(centroids.m, [&](auto length) {
    for (std::size_t i = 0; i < n; ++i, x += length(), rest += length()) {
      const float* c = centroids.values + index[i] * length();
      for (std::size_t j = 0; j < length(); ++j) rest[j] = x[j] * u - c[j];
    }
  });
}

void copy_centroids(const std::uint8_t* index, std::size_t n, std::size_t m, const std::byte* codebook, float* to) {
  with_length(m, [&](auto length) {
    constexpr std::size_t kBytes = sizeof(float) * length();
    for (std::size_t i = 0; i < n; ++i, to += length()) std::memcpy(to, codebook + index[i] * kBytes, kBytes);
  });
}

void add_centroids(const std::uint8_t* index, std::size_t n, std::size_t m, const std::byte* codebook, float* to) {
  with_length(m, [&](auto length) {
    constexpr std::size_t kBytes = sizeof(float) * length();
    for (std::size_t i = 0; i < n; ++i, to += length()) {
      float c[length()];
      std::memcpy(c, codebook + index[i] * kBytes, kBytes);
      for (std::size_t j = 0; j < length(); ++j) to[j] += c[j];
    }
  });
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
