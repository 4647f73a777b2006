#include <algorithm>

#include "topology/weights/weights.h"

namespace parley::topology {
namespace {

/// w_ij = 1 / (1 + d_max), so that W = I - L / (1 + d_max) with the graph's Laplacian L.
class MaxDegree final : public WeightRule {
 public:
  MaxDegree(std::string spec, std::size_t max_degree)
      : spec_(std::move(spec)), weight_(1.0 / static_cast<double>(1 + max_degree)) {}
  const std::string& spec() const override { return spec_; }
  double weight(const Arc&) const override { return weight_; }

 private:
  std::string spec_;
  double weight_;
};

std::unique_ptr<WeightRule> make(const base::Arguments& arguments, const Graph& graph) {
  std::size_t max_degree = 0;
  for (std::size_t i = 0; i < num_vertices(graph); ++i) max_degree = std::max(max_degree, out_degree(i, graph));
  return std::make_unique<MaxDegree>(arguments.canonical(), max_degree);
}

}  // namespace

const WeightRow& max_degree_weights() {
  static constexpr WeightRow row{
      .name = "max-degree",
      .summary = "1 / (1 + the largest degree of the graph); keeps the average, slower on irregular graphs",
      .parameters = {},
      .make = make};
  return row;
}

}  // namespace parley::topology
