#include <algorithm>

#include "topology/weights/weights.h"

namespace parley::topology {
namespace {

/// w_ij = 1 / (1 + max(d_i, d_j)). The one counts the peer itself: without it an even ring would have no self weight,
/// and neighbours would swap models for ever.
class Metropolis final : public WeightRule {
 public:
  explicit Metropolis(std::string spec) : spec_(std::move(spec)) {}
  const std::string& spec() const override { return spec_; }
  double weight(const Arc& arc) const override {
    return 1.0 / static_cast<double>(1 + std::max(arc.from_degree, arc.to_degree));
  }

 private:
  std::string spec_;
};

std::unique_ptr<WeightRule> make(const base::Arguments& arguments, const Graph&) {
  return std::make_unique<Metropolis>(arguments.canonical());
}

}  // namespace

const WeightRow& metropolis_weights() {
  static constexpr WeightRow row{.name = "metropolis",
                                 .summary = "1 / (1 + the larger degree of the two); keeps the average on every graph",
                                 .parameters = {},
                                 .make = make};
  return row;
}

}  // namespace parley::topology
