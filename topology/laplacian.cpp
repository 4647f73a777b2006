#include "topology/laplacian.h"

#include "base/error.h"
#include "topology/spectra/extremes.h"

namespace parley::topology {

LaplacianEnds laplacian_ends(const Graph& graph) {
  const std::size_t n = num_vertices(graph);
  PARLEY_CHECK(n >= 1);
  if (n == 1) return {};
  std::vector<Eigen::Triplet<double>> entries;
  for (auto [edge, end] = edges(graph); edge != end; ++edge) {
    const auto i = static_cast<int>(source(*edge, graph));
    const auto j = static_cast<int>(target(*edge, graph));
    entries.emplace_back(i, j, -1);
    entries.emplace_back(j, i, -1);
  }
  MixingMatrix L(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(n));
  L.setFromTriplets(entries.begin(), entries.end());
  const Extremes ends = extremes(L);
  return {.connectivity = std::max(0.0, ends.smallest), .largest = ends.largest};
}

}  // namespace parley::topology
