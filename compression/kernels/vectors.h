// Short vectors of m = 1 to 8 floats, one after the other, and the centroids that they are replaced by.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::compression::kernels {

inline constexpr std::size_t kMostVectorLength = 8;

/// k centroids of m floats, and half of their squared norms.
struct Centroids {
  const float* values;
  const float* halves;
  std::size_t k, m;
};

/// index[i] = the c with the least halves[c] - sum_j w_j values[c m + j], of equal ones the first, where w_j =
/// x[i m + j] u is a float, and products are subtracted one after the other, a rounding each: the centroid nearest to
/// w but for these roundings. n vectors.
void nearest_centroids(const float* x, std::size_t n, float u, const Centroids& centroids, std::uint8_t* index);

/// sums[c m + j] += x[i m + j] u and ++counts[c] for c = index[i], in the order of i. n vectors.
void add_to_cells(const float* x, std::size_t n, std::size_t m, float u, const std::uint8_t* index, double* sums,
                  std::uint32_t* counts);

/// rest[i m + j] = x[i m + j] u - values[index[i] m + j]. x and rest may be the same.
void subtract_centroids(const float* x, std::size_t n, float u, const Centroids& centroids, const std::uint8_t* index,
                        float* rest);

/// to[i m + j] = c[index[i] m + j], or += that, where c are floats at `codebook`, which needs no alignment.
void copy_centroids(const std::uint8_t* index, std::size_t n, std::size_t m, const std::byte* codebook, float* to);
void add_centroids(const std::uint8_t* index, std::size_t n, std::size_t m, const std::byte* codebook, float* to);

}  // namespace parley::compression::kernels
